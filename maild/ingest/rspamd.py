"""The door to a running rspamd: one mail in, its opinion out, over HTTP (`POST /checkv2`). Nothing is sent but the mail.

HTTP/1.0 in full: what comes back is read to the end, under one deadline and one limit for all of it, before anything is made of it. So a
server that drips, floods or talks nonsense costs no more than the time it was given. When to ask is `maild.ingest.inquiry`'s.
"""

import json
import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from math import isfinite
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from maild.config.settings import Rspamd
from maild.errors import ConfigurationError, FilterUnavailableError, plain_words
from maild.ingest.hygiene import one_line
from maild.ingest.opinion import Opinion

MOST_BYTES = 1024 * 1024
MOST_SYMBOLS = 500
MOST_CHARACTERS = 100
_PORTS = {"http": 80, "https": 443}


def ask_rspamd(rspamd: Rspamd, raw: bytes) -> Opinion:
    """What it says of this mail, within its timeout. (How long the system takes to look its host's name up is not in our hands.)

    Raises:
        FilterUnavailableError: it cannot be reached or trusted, takes too long, or answers with anything else.
    """
    try:
        status, reason, body = _exchange(rspamd, raw)
    except TimeoutError as error:
        raise FilterUnavailableError(f"no answer within {rspamd.timeout.total_seconds():g} s") from error
    except ssl.SSLCertVerificationError as error:
        raise FilterUnavailableError(f"its certificate is not trusted: {error.verify_message}") from error
    except (OSError, HTTPException, OverflowError, ValueError, ConfigurationError) as error:
        raise FilterUnavailableError(_what_broke(error)) from error
    if 300 <= status <= 399:
        raise FilterUnavailableError(f"it answers {status}, and is not followed elsewhere")
    if status != 200:
        raise FilterUnavailableError(f"it answers {status} {one_line(reason)[:MOST_CHARACTERS]}".rstrip())
    return _read_opinion(body, rspamd.name)


def _what_broke(error: Exception) -> str:
    """OverflowError: a length of twenty digits, which no body has."""
    return f"not HTTP: {type(error).__name__}" if isinstance(error, HTTPException | OverflowError) else plain_words(error)


def _exchange(rspamd: Rspamd, raw: bytes) -> tuple[int, str, bytes]:
    """Status, its words, and the body."""
    deadline = monotonic() + rspamd.timeout.total_seconds()
    url = urlsplit(rspamd.url)
    with _connect(rspamd, url, deadline) as connection:
        connection.settimeout(_left(deadline))
        connection.sendall(_request(rspamd, url, len(raw)))
        connection.settimeout(_left(deadline))
        connection.sendall(raw)
        received = _receive(connection, deadline)
    response = HTTPResponse(_Received(received))  # type: ignore[arg-type]
    response.begin()
    return response.status, response.reason, response.read()


class _Received:
    """What HTTPResponse wants to read from: a connection of which all is there."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, mode: str) -> BytesIO:
        return BytesIO(self._received)


def _connect(rspamd: Rspamd, url: SplitResult, deadline: float) -> socket.socket:
    host = url.hostname or ""
    connection = socket.create_connection((host, url.port or _PORTS[url.scheme]), timeout=_left(deadline))
    if url.scheme == "http":
        return connection
    try:
        connection.settimeout(_left(deadline))
        context = ssl.create_default_context(cafile=str(rspamd.ca_file) if rspamd.ca_file else None)
        return context.wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


def _request(rspamd: Rspamd, url: SplitResult, size: int) -> bytes:
    lines = [f"POST {url.path.rstrip('/')}/checkv2 HTTP/1.0", f"Host: {url.netloc}", "Connection: close", f"Content-Length: {size}"]
    if rspamd.password:
        password = rspamd.password.reveal()
        if not (password.isascii() and password.isprintable()):
            raise ConfigurationError("its password has characters that cannot stand in a header")
        lines.append(f"Password: {password}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _receive(connection: socket.socket, deadline: float) -> bytes:
    received = bytearray()
    while len(received) <= MOST_BYTES:
        connection.settimeout(_left(deadline))
        chunk = connection.recv(65_536)
        if not chunk:
            return bytes(received)
        received += chunk
    raise ValueError(f"its answer is larger than {MOST_BYTES // 1024 // 1024} MiB")


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read_opinion(body: bytes, by: str) -> Opinion:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FilterUnavailableError("its answer is not JSON") from error
    score = _number(answer.get("score")) if isinstance(answer, dict) else None
    action = answer.get("action") if isinstance(answer, dict) else None
    if score is None or not isinstance(action, str) or not action:
        raise FilterUnavailableError("its answer has no score and action")
    symbols = answer.get("symbols")
    found = _symbols(symbols) if isinstance(symbols, dict) else ()
    return Opinion(by, score, _number(answer.get("required_score")), one_line(action)[:MOST_CHARACTERS], found)


def _symbols(symbols: Mapping[str, Any]) -> tuple[str, ...]:
    """Their names, what weighs most first."""
    weights = {name: _number(about.get("score")) or 0 for name, about in symbols.items() if isinstance(about, dict)}
    names = sorted(weights, key=lambda name: (-abs(weights[name]), name))
    return tuple(one_line(name)[:MOST_CHARACTERS] for name in names[:MOST_SYMBOLS])


def _number(value: object) -> float | None:
    """A score one can reckon with. JSON in Python knows NaN and numbers of four thousand digits."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1_000_000:
        return None
    return float(value) if isfinite(value) else None
