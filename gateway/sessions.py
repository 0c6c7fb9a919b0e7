"""Server-side sessions: the cookie holds a random id and nothing else; the content is ciphertext under its hash.

A session ends after 30 minutes without use, and after 120 minutes whatever happens (ID-porten's limits).
"""

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request, Response
from werkzeug.datastructures import CallbackDict

from gateway.storage import sessions
from services.chassis.clock import Clock
from services.chassis.keys import Keys, Undecipherable
from services.chassis.storage import Database

COOKIE = "stafett_session"
"""The cookie's name; the port is added to it, since browsers share cookies between all ports of a host."""
IDLE = timedelta(minutes=30)
WHOLE = timedelta(minutes=120)
_TOUCH_EVERY = timedelta(minutes=1)
_PURPOSE = "gateway.session"
_FOUND = sa.select(sessions).where(sessions.c.id_hash == sa.bindparam("id_hash"))


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

    def renew(self) -> None:
        """Give the session a new id, at login and when its rights grow; the old id is worth nothing afterwards."""
        self.old_sid, self.sid = self.sid, None
        self.modified = True


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
        with self._db.read() as conn:
            row = conn.execute(_FOUND, {"id_hash": key}).first()
        if row is None or row.seen_at + IDLE < now or row.begun_at + WHOLE < now:
            return Session()
        try:
            content = json.loads(self._keys.open_bytes(_PURPOSE, row.content, key))
        except (Undecipherable, ValueError):
            return Session()
        session = Session(content, sid)
        session.seen_at = row.seen_at
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep what changed, and note at most once a minute that the session is in use."""
        assert isinstance(session, Session)
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
        new = session.sid is None
        sid = session.sid or secrets.token_urlsafe(32)
        key = _hash(sid)
        content = self._keys.seal_bytes(_PURPOSE, json.dumps(dict(session)).encode(), key)
        with self._db.write() as tx:
            if new:
                tx.execute(sa.delete(sessions).where(sessions.c.begun_at < now - WHOLE))
                tx.execute(
                    sa.insert(sessions).values(id_hash=key, content=content, begun_at=now, seen_at=now)
                )
            else:
                tx.execute(
                    sa.update(sessions).where(sessions.c.id_hash == key).values(content=content, seen_at=now)
                )
        if new:
            response.set_cookie(
                self.cookie, sid, httponly=True, samesite="Lax", secure=self._secure, path="/",
                max_age=int(WHOLE.total_seconds()),
            )  # fmt: skip
        response.vary.add("Cookie")

    def _delete(self, sid: str) -> None:
        with self._db.write() as tx:
            tx.execute(sa.delete(sessions).where(sessions.c.id_hash == _hash(sid)))


def _hash(sid: str) -> str:
    return hashlib.sha256(sid.encode()).hexdigest()
