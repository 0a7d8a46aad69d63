"""Our own header writer: every header line of a letter is folded and encoded here and nowhere else.

The standard library's writer is not used, because it RFC 2047-encodes a Message-ID that is longer than a line (MAIL.md O2, "Measured"), so
that Outlook loses the thread. Lines aim at 78 characters and never pass 998 (RFC 5322 section 2.1.1). Every function returns whole lines
with CRLF, ASCII only, whatever it is given; header names are ours. What the headers say is `compose`'s.
"""

import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from maild.message import Address
from maild.outbox.hygiene import clean_id, display_name, header_address, one_line

LINE = 78
MAX_LINE = 998
MAX_WORD = 900
_ENCODED_PAYLOAD = 63
_PARAMETER_PIECE = 60
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_PARAMETER_TEXT = re.compile(r"[\x20-\x7e]*")
_Q_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/"
_Q = tuple("_" if byte == 0x20 else chr(byte) if byte in _Q_SAFE else f"={byte:02X}" for byte in range(256))


def fold_text(name: str, value: str) -> str:
    """An unstructured header (RFC 5322 section 2.2.1): plain words stay readable, the rest becomes encoded words (RFC 2047)."""
    value = one_line(value)
    if len(name) + len(value) + 2 <= LINE and _is_plain(value):
        return f"{name}: {value}\r\n"
    return _fold(name, _words(value))


def fold_ids(name: str, message_ids: Iterable[str]) -> str:
    """In-Reply-To, References, Message-ID: one id per line, never encoded (MAIL.md O2). Nothing at all without a writable id."""
    ids = [f"<{bare}>" for given in message_ids if (bare := clean_id(given))]
    if not ids:
        return ""
    start = " " if len(name) + 2 + len(ids[0]) <= MAX_LINE else "\r\n "
    return f"{name}:{start}" + "\r\n ".join(ids) + "\r\n"


def fold_addresses(name: str, addresses: Sequence[Address]) -> str:
    """From, To, Cc. Nothing at all without addresses.

    An address no header can carry is shown as an empty group, as RFC 6857 does, so that nobody answers to a mutilated one.
    """
    tokens: list[str] = []
    for address in addresses:
        tokens += [*_mailbox(address)]
        tokens[-1] += ","
    if not tokens:
        return ""
    tokens[-1] = tokens[-1].removesuffix(",")
    return _fold(name, tokens)


def fold_parameters(name: str, value: str, parameters: Mapping[str, str]) -> str:
    """A MIME header with parameters; values outside ASCII, or long ones, as RFC 2231 says."""
    pieces = [piece for key, text in parameters.items() for piece in _parameter(key, one_line(text))]
    return _fold(name, [f"{piece};" for piece in (value, *pieces[:-1])] + pieces[-1:] if pieces else [value])


def encode_words(text: str) -> list[str]:
    """Encoded words of at most 75 characters, B or Q, whichever is shorter; none splits a character (RFC 2047 sections 2 and 5)."""
    raw = text.encode("utf-8", "replace")
    costs = sum(len(_Q[byte]) for byte in raw)
    if costs <= (len(raw) + 2) // 3 * 4:
        return [f"=?utf-8?Q?{''.join(_Q[byte] for byte in piece)}?=" for piece in _chunks(text, _q_cost, _ENCODED_PAYLOAD)]
    return [f"=?utf-8?B?{_base64(piece)}?=" for piece in _chunks(text, len, _ENCODED_PAYLOAD // 4 * 3)]


def _fold(name: str, tokens: Sequence[str]) -> str:
    """Tokens joined by blanks, a line break before the blank where a line would grow too long."""
    lines = [f"{name}:"]
    for token in tokens:
        fits = len(lines[-1]) + 1 + len(token) <= LINE
        if fits or (len(lines) == 1 and lines[0] == f"{name}:"):
            lines[-1] += f" {token}"
        else:
            lines.append(f" {token}")
    return "\r\n".join(lines) + "\r\n"


def _words(value: str) -> list[str]:
    """The words of a text, from the first to the last that needs it encoded as one run: a tag before it stays readable on the wire."""
    words = value.split(" ")
    odd = [index for index, word in enumerate(words) if not _is_plain(word)]
    if not odd:
        return words
    first, last = odd[0], odd[-1] + 1
    return [*words[:first], *encode_words(" ".join(words[first:last])), *words[last:]]


def _is_plain(text: str) -> bool:
    if not text.isascii() or not text.isprintable() or "=?" in text:
        return False
    return len(text) <= MAX_WORD or all(len(word) <= MAX_WORD for word in text.split(" "))


def _mailbox(address: Address) -> Iterator[str]:
    wire = header_address(address)
    if wire is None:
        yield from _phrase(display_name(f"{address.name} {address.address}") or "unknown")
        yield ":;"
        return
    name = display_name(address.name)
    yield from _phrase(name)
    yield f"<{wire}>" if name else wire


def _phrase(name: str) -> list[str]:
    """A display name (RFC 5322 section 3.2.5): atoms, a quoted string, or encoded words."""
    if not name:
        return []
    if not _is_plain(name):
        return encode_words(name)
    if _ATOMS.fullmatch(name):
        return name.split(" ")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.split(" ")


def _parameter(key: str, value: str) -> Iterator[str]:
    if _PARAMETER_TEXT.fullmatch(value) and len(value) <= _PARAMETER_PIECE:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        yield f'{key}="{escaped}"'
        return
    pieces = ["".join(quote(char, safe="") for char in piece) for piece in _character_runs(value)]
    if len(pieces) == 1:
        yield f"{key}*=UTF-8''{pieces[0]}"
        return
    pieces[0] = f"UTF-8''{pieces[0]}"
    yield from (f"{key}*{index}*={piece}" for index, piece in enumerate(pieces))


def _character_runs(value: str) -> list[str]:
    return [piece.decode("utf-8") for piece in _chunks(value, lambda raw: len(quote(raw, safe="")), _PARAMETER_PIECE)]


def _chunks(text: str, cost: Callable[[bytes], int], room: int) -> Iterator[bytes]:
    """The text in pieces of whole characters whose cost fits into `room`."""
    piece, spent = b"", 0
    for char in text:
        raw = char.encode("utf-8", "replace")
        if piece and spent + cost(raw) > room:
            yield piece
            piece, spent = b"", 0
        piece, spent = piece + raw, spent + cost(raw)
    if piece:
        yield piece


def _q_cost(raw: bytes) -> int:
    return sum(len(_Q[byte]) for byte in raw)


def _base64(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode("ascii")
