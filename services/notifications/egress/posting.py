"""One POST to an address of others: short, bounded, never redirected, and never into a network that is not public.

The host is looked up once for each attempt, every address that it has is checked, and the connection goes to an address
that was checked: what the name says a moment later does not matter (DNS rebinding). Of the answer only the status is
read.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

SECONDS = 15.0
_MOST_BYTES = 16_384
_MOST_ADDRESSES = 3
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is handed out of IPv6: what lies outside is of no public network, whatever a table of exceptions says."""
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")

Address = tuple[Any, Any]
"""Family and socket address, as getaddrinfo gives them."""
Resolve = Callable[[str, int, float], Sequence[Address]]


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it: the status of the answer (None: none came), and a stable word for why not."""

    status: int | None
    reason: str = "answered"

    @property
    def taken(self) -> bool:
        """Whether the receiver has kept it: 2xx, and nothing else. A redirect is a refusal."""
        return self.status is not None and 200 <= self.status < 300


class _Fault(Exception):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Poster:
    """Posts within `seconds` in all. `context` says whom TLS trusts."""

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        resolve: Resolve | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._seconds, self._resolve = seconds, resolve or look_up
        self._context = context or ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool) -> Posted:
        """Never raises for what the network or the receiver does."""
        try:
            return Posted(self._post(url, body, headers, time.monotonic() + self._seconds, allow_private))
        except _Fault as fault:
            return Posted(None, fault.reason)
        except TimeoutError:
            return Posted(None, "timed_out")
        except ssl.SSLError:
            return Posted(None, "tls_failed")
        except OSError:
            return Posted(None, "unreachable")

    def _post(
        self, url: str, body: bytes, headers: Mapping[str, str], limit: float, allow_private: bool
    ) -> int:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
            raise _Fault("not_https")
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        addresses = list(self._resolve(host, port, _left(limit)))
        if not addresses:
            raise _Fault("unreachable")
        if not allow_private and not all(is_public(address[0]) for _, address in addresses):
            raise _Fault("address_not_public")
        with _connect(addresses[:_MOST_ADDRESSES], limit) as plain:
            if parts.scheme == "http":
                return _speak(plain, parts, body, headers, limit)
            plain.settimeout(_left(limit))
            with self._context.wrap_socket(plain, server_hostname=host) as line:
                return _speak(line, parts, body, headers, limit)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also one that is written within an IPv6 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        within = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if found in _NAT64:
            within.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if any(each is not None and not is_public(str(each)) for each in within):
            return False
        if found.ipv4_mapped is not None or found in _NAT64:
            return True
        if found not in _UNICAST or found in _DOCUMENTATION:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def look_up(host: str, port: int, seconds: float) -> list[Address]:
    """The addresses of a host. The system's look-up blocks its thread, so in a process of green threads it is done in a
    thread of its own, and left alone when time runs out."""
    import eventlet
    from eventlet import patcher, tpool

    if not patcher.is_monkey_patched("socket"):
        return _getaddrinfo(host, port)
    try:
        with eventlet.Timeout(seconds):
            found: list[Address] = tpool.execute(_getaddrinfo, host, port)
            return found
    except eventlet.Timeout:
        raise TimeoutError from None


def _getaddrinfo(host: str, port: int) -> list[Address]:
    return [
        (family, address)
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]


def _left(limit: float) -> float:
    left = limit - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connect(addresses: Sequence[Address], limit: float) -> socket.socket:
    last: OSError = OSError()
    for family, address in addresses:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(_left(limit))
            line.connect(address)
            return line
        except OSError as error:
            line.close()
            last = error
    raise last


def _speak(
    line: socket.socket, parts: SplitResult, body: bytes, headers: Mapping[str, str], limit: float
) -> int:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = {
        "Host": parts.netloc,
        "User-Agent": "Stafett",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    line.settimeout(_left(limit))
    line.sendall(f"POST {target} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body)
    return _status(line, limit)


def _status(line: socket.socket, limit: float) -> int:
    """The status of the answer; interim ones (1xx) are passed over. What follows is not read."""
    heard = b""
    while len(heard) < _MOST_BYTES:
        first, ends, rest = heard.partition(b"\r\n")
        if ends:
            status = _status_of(first)
            if status >= 200:
                return status
            _, ends, heard_next = rest.partition(b"\r\n\r\n")
            if ends:
                heard = heard_next
                continue
        line.settimeout(_left(limit))
        more = line.recv(4096)
        if not more:
            break
        heard += more
    raise _Fault("not_http")


def _status_of(first: bytes) -> int:
    version, _, rest = first.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or not code.isdigit() or len(code) != 3:
        raise _Fault("not_http")
    return int(code)
