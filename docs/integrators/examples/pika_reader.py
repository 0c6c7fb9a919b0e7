"""Takes events from your queue with pika.

pip install pika
export STAFETT_URL='amqp://...' STAFETT_QUEUE='outside.granli.skolesystem'     # both from the operator
python pika_reader.py
"""

import contextlib
import json
import os

import pika
from once import Once, handle


def main() -> None:
    once = Once(os.environ.get("HANDLED", "handled.sqlite3"))
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["STAFETT_URL"]))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=20)
    for method, _properties, body in channel.consume(os.environ["STAFETT_QUEUE"]):
        once.take(json.loads(body), handle)
        channel.basic_ack(method.delivery_tag)  # only now: what was not acknowledged comes again


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
