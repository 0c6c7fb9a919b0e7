"""`python -m deploy.standins`: all stand-ins in one small process, on loopback only."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from werkzeug.serving import make_server

from deploy.standins.app import create_app
from deploy.standins.mail import MailCatcher
from deploy.standins.people import load_people


def main() -> int:
    """Serve until SIGTERM or SIGINT. The ports come from STAFETT_STANDINS_PORT and STAFETT_STANDINS_SMTP_PORT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(
        logging.WARNING
    )  # its lines would hold what people typed into addresses
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    var = Path(os.environ.get("STAFETT_VAR") or "var").absolute() / "standins"
    port = int(os.environ.get("STAFETT_STANDINS_PORT", "8090"))
    public_url = os.environ.get("STAFETT_PUBLIC_URL", "http://127.0.0.1:8000")
    mail = MailCatcher(var / "mail", int(os.environ.get("STAFETT_STANDINS_SMTP_PORT", "2525")))
    app = create_app(
        var=var,
        issuer=os.environ.get("STAFETT_OIDC_ISSUER") or f"http://127.0.0.1:{port}",
        client_id=os.environ.get("STAFETT_OIDC_CLIENT_ID", "stafett"),
        client_secret=os.environ.get("STAFETT_OIDC_CLIENT_SECRET", ""),
        public_url=public_url,
        people=load_people,
        mail=mail,
    )
    mail.start()
    server = make_server("127.0.0.1", port, app, threaded=True)

    def end(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the serving loop, which is this very thread.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    logging.getLogger("standins").info("serving on 127.0.0.1:%d, SMTP on %d", port, mail.port)
    server.serve_forever(poll_interval=0.2)
    mail.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
