"""Server-side sessions: the cookie holds a random id and nothing else; the content is ciphertext under its hash.

A session ends after 30 minutes without use, and after 120 minutes whatever happens (ID-porten's limits).
"""

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request, Response
from werkzeug.datastructures import CallbackDict

from gateway.storage import sessions
from services.chassis.clock import Clock
from services.chassis.keys import Keys, Undecipherable
from services.chassis.logging import fault
from services.chassis.prepared import Prepared
from services.chassis.storage import Database, DatabaseBusy
from services.kernel.errors import Unavailable

COOKIE = "stafett_session"
"""The cookie's name; the port is added to it, since browsers share cookies between all ports of a host."""
IDLE = timedelta(minutes=30)
WHOLE = timedelta(minutes=120)
_TOUCH_EVERY = timedelta(minutes=1)
_PURPOSE = "gateway.session"
_FOUND = Prepared(sa.select(sessions).where(sessions.c.id_hash == sa.bindparam("id_hash")))
_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, DatabaseBusy)

log = structlog.get_logger()


class Session(CallbackDict[str, Any], SessionMixin):
    """The content of one session: JSON values only."""

    def __init__(self, content: dict[str, Any] | None = None, sid: str | None = None) -> None:
        def changed(session: "Session") -> None:
            session.modified = True

        super().__init__(content, changed)  # type: ignore[arg-type]
        self.sid = sid
        self.old_sid: str | None = None
        self.modified = False
        self.seen_at: datetime | None = None
        self.begun_at: datetime | None = None
        """When the person logged in; None until it is kept for the first time."""
        self.away = False
        """Whether the sessions could not be read or written: nobody knows who asks, so nothing is answered."""
        self._spare = False

    def remember(self, seen: dict[str, Any]) -> None:
        """Keep the versions that the person has seen. An answer does not wait for it: the API's says them too."""
        self._spare = not self.modified
        self["seen"] = seen

    @property
    def is_spare(self) -> bool:
        """Whether what changed may be lost: only that the session was used, or what it has seen."""
        return self.sid is not None and self.old_sid is None and (self._spare or not self.modified)

    def renew(self) -> None:
        """Give the session a new id, when its rights change; the old id is worth nothing afterwards. It ends when it
        would have ended."""
        self.old_sid, self.sid = self.sid, None
        self.modified = True

    def begin(self) -> None:
        """A new id, and the whole time anew: at a login alone."""
        self.renew()
        self.begun_at = None


class EncryptedSessions(SessionInterface):
    """Flask's sessions on the gateway's database."""

    def __init__(self, db: Database, keys: Keys, clock: Clock, secure: bool, port: int | None = None) -> None:
        self._db, self._keys, self._clock, self._secure = db, keys, clock, secure
        self.cookie = f"{COOKIE}_{port}" if port else COOKIE

    def open_session(self, app: Flask, request: Request) -> Session:
        """The session that the cookie names, or an empty one."""
        sid = request.cookies.get(self.cookie)
        if not sid or len(sid) > 100:
            return Session()
        now, key = self._clock.now(), _hash(sid)
        try:
            with self._db.read() as conn:
                row = _FOUND.first(conn, {"id_hash": key})
        except _AWAY as error:
            log.warning("sessions_away", **fault(error))
            session = Session()
            session.away = True
            return session
        if row is None or row.seen_at + IDLE < now or row.begun_at + WHOLE < now:
            return Session()
        try:
            content = json.loads(self._keys.open_bytes(_PURPOSE, row.content, key))
        except (Undecipherable, ValueError):
            return Session()
        session = Session(content, sid)
        session.seen_at, session.begun_at = row.seen_at, row.begun_at
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep what changed, and note at most once a minute that the session is in use.

        Raises Unavailable when something that matters could not be kept; what was done by an answer that is ready is
        not called undone because its session was not written."""
        assert isinstance(session, Session)
        if session.away:
            return
        try:
            self._save(session, response)
        except _AWAY as error:
            log.warning("sessions_away", **fault(error))
            if not session.is_spare:
                session.away = True
                raise Unavailable() from None

    def _save(self, session: Session, response: Response) -> None:
        now = self._clock.now()
        if session.old_sid:
            self._delete(session.old_sid)
        if not session:
            if session.sid:
                self._delete(session.sid)
                response.delete_cookie(self.cookie, path="/")
            return
        if session.sid and not session.modified:
            if session.seen_at is None or session.seen_at + _TOUCH_EVERY < now:
                with self._db.write() as tx:
                    tx.execute(
                        sa.update(sessions)
                        .where(sessions.c.id_hash == _hash(session.sid))
                        .values(seen_at=now)
                    )
            return
        new, begun_at = session.sid is None, session.begun_at or now
        sid = session.sid or secrets.token_urlsafe(32)
        key = _hash(sid)
        content = self._keys.seal_bytes(_PURPOSE, json.dumps(dict(session)).encode(), key)
        with self._db.write() as tx:
            if new:
                tx.execute(sa.delete(sessions).where(sessions.c.begun_at < now - WHOLE))
                tx.execute(
                    sa.insert(sessions).values(id_hash=key, content=content, begun_at=begun_at, seen_at=now)
                )
            else:
                tx.execute(
                    sa.update(sessions).where(sessions.c.id_hash == key).values(content=content, seen_at=now)
                )
        if new:
            response.set_cookie(
                self.cookie, sid, httponly=True, samesite="Lax", secure=self._secure, path="/",
                max_age=int((begun_at + WHOLE - now).total_seconds()),
            )  # fmt: skip
        response.vary.add("Cookie")

    def _delete(self, sid: str) -> None:
        with self._db.write() as tx:
            tx.execute(sa.delete(sessions).where(sessions.c.id_hash == _hash(sid)))


def _hash(sid: str) -> str:
    return hashlib.sha256(sid.encode()).hexdigest()
