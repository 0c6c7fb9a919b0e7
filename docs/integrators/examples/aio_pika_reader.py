"""Takes events from your queue with aio-pika; comes back by itself when the connection breaks.

pip install aio-pika
export STAFETT_URL='amqp://...' STAFETT_QUEUE='outside.granli.skolesystem'     # both from the operator
python aio_pika_reader.py
"""

import asyncio
import contextlib
import json
import os

import aio_pika
from once import Once, handle


async def main() -> None:
    once = Once(os.environ.get("HANDLED", "handled.sqlite3"))
    connection = await aio_pika.connect_robust(os.environ["STAFETT_URL"])
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=20)
        # The queue is there already, and you may not declare it: `get_queue` only looks.
        queue = await channel.get_queue(os.environ["STAFETT_QUEUE"])
        async with queue.iterator() as messages:
            async for message in messages:
                async with message.process(requeue=True):  # acknowledged at the end, given back after a fault
                    once.take(json.loads(message.body), handle)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
