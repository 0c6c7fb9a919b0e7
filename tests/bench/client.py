"""One client process of the bench: some connections that stay open, each asking for one address again and again.

A process of its own, without green threads, so that the measured suite shares nothing with it but the machine.
`python -m tests.bench.client` reads what to do from standard input, and writes all latencies as JSON.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Any


def _ask(wish: dict[str, Any], requests: int, latencies: list[float], wrong: list[int]) -> None:
    connection = http.client.HTTPConnection(wish["host"], wish["port"], timeout=20)
    limit = time.perf_counter() + wish["seconds"]
    headers = {"Cookie": wish["cookie"], "Accept": "application/json"}
    for _ in range(requests):
        begun = time.perf_counter()
        if begun > limit:
            break
        connection.request("GET", wish["path"], headers=headers)
        answer = connection.getresponse()
        answer.read()
        latencies.append(time.perf_counter() - begun)
        if answer.status != 200:
            wrong.append(answer.status)
    connection.close()


def main() -> int:
    """In: {host, port, path, cookie, clients, requests, seconds}. Out: {latencies, elapsed (seconds), wrong}."""
    wish = json.load(sys.stdin)
    clients = wish["clients"]
    found: list[list[float]] = [[] for _ in range(clients)]
    wrong: list[int] = []
    threads = [
        threading.Thread(target=_ask, args=(wish, -(-wish["requests"] // clients), found[each], wrong))
        for each in range(clients)
    ]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {
        "latencies": [one for each in found for one in each],
        "elapsed": time.perf_counter() - begun,
        "wrong": wrong,
    }
    json.dump(told, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
