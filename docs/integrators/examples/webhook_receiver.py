"""Receives events as webhooks, signed as Standard Webhooks says.

pip install standardwebhooks
export STAFETT_SECRET='whsec_...'     # from the operator
python webhook_receiver.py 8100       # and let the world reach it through https
"""

import contextlib
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from once import Once, handle
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

MOST_BYTES = 100_000


class Receiver(BaseHTTPRequestHandler):
    """2xx says that the event is kept; anything else, or 15 s without an answer, has it sent again later."""

    webhook: Webhook
    once: Once

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        if size > MOST_BYTES:
            self.answer(413)
            return
        body = self.rfile.read(size)
        try:
            event = self.webhook.verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            self.answer(401)  # not from Stafett, changed on its way, or too old
            return
        self.once.take(event, handle)
        self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: what is posted stays out of the log."""


def main() -> None:
    Receiver.webhook = Webhook(os.environ["STAFETT_SECRET"])
    Receiver.once = Once(os.environ.get("HANDLED", "handled-webhook.sqlite3"))
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
