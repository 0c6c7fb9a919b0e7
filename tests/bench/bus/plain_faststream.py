"""FastStream with RabbitMQ: commit and publish (persistent, confirmed, to a quorum queue), and a subscriber.

`python -m tests.bench.bus.plain_faststream teller|hearer <amqp url> <database url> [record]`
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from faststream.rabbit import QueueType, RabbitBroker, RabbitQueue
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.bench.bus.child import Heard, answer, subject_of
from tests.bench.bus.rows import RECORD, TELL, UPSERT, make_tables

QUEUE = RabbitQueue("things", queue_type=QueueType.QUORUM, durable=True)
AT_ONCE = 500

AsyncOrders = dict[str, Callable[..., Awaitable[dict[str, Any]]]]


async def obey(orders: AsyncOrders) -> None:
    """As child.obey, for coroutines."""
    answer({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        name = order.pop("do")
        if name == "stop":
            return
        begun = time.process_time()
        result = await orders[name](**order)
        answer({"cpu": time.process_time() - begun, **result})


async def teller(broker: RabbitBroker, engine: AsyncEngine) -> None:
    async def tell(n: int) -> None:
        await broker.publish({"thing_id": subject_of(n), "n": n}, QUEUE, persist=True, timeout=10)

    async def publish(count: int, seconds: float) -> dict[str, float]:
        begun, done = time.monotonic(), 0
        while done < count and time.monotonic() < begun + seconds:
            some = range(done, min(count, done + AT_ONCE))
            await asyncio.gather(*map(tell, some))
            done += len(some)
        return {"published": done, "seconds": time.monotonic() - begun}

    async def steady(first: int, rate: float, seconds: float) -> dict[str, Any]:
        told, begun = [], time.monotonic()
        for count in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + count / rate - time.monotonic()))
            async with engine.begin() as tx:
                await tx.execute(TELL, {"n": first + count})
            told.append([first + count, time.monotonic_ns()])
            with suppress(Exception):  # as when a request fails after its commit
                await tell(first + count)
        return {"at": told}

    await broker.declare_queue(QUEUE)
    await obey({"publish": publish, "steady": steady})


async def hearer(broker: RabbitBroker, engine: AsyncEngine, record: bool) -> None:
    heard = Heard()

    @broker.subscriber(QUEUE)
    async def handle(data: dict[str, Any]) -> None:
        async with engine.begin() as tx:
            await tx.execute(RECORD if record else UPSERT, {"subject": data["thing_id"], "n": data["n"]})
        heard.note(data["n"])

    async def until(count: int, seconds: float) -> None:
        limit = time.monotonic() + seconds
        while len(heard.at) < count and time.monotonic() < limit:
            await asyncio.sleep(0.01)

    async def drain(count: int, seconds: float) -> dict[str, Any]:
        await broker.start()
        await until(count, seconds)
        return heard.drained(count, 0, time.sleep)

    async def collect(above: int, count: int, seconds: float) -> dict[str, Any]:
        await until(count, seconds)
        return heard.collected(above, count, 0, time.sleep)

    await broker.declare_queue(QUEUE)
    await obey({"drain": drain, "collect": collect})


async def main(role: str, amqp_url: str, database_url: str, *words: str) -> None:
    make_tables(sa.create_engine(database_url))
    engine = create_async_engine(database_url, pool_size=10)
    broker = RabbitBroker(amqp_url, logger=None)
    await broker.connect()
    if role == "teller":
        await teller(broker, engine)
    else:
        await hearer(broker, engine, "record" in words)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    os._exit(0)
