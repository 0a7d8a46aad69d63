"""Encoded words (RFC 2047) and raw 8-bit text in headers → text (MAIL.md P4). Linear; cleaning is `maild.ingest.hygiene`'s."""

import binascii
import re
from string import ascii_letters, digits

from maild.ingest.charset import decode_bytes

MAX_WORD = 2_000
LEAST_REST = 16

# Seen in practice: blanks and question marks inside a word, a language after the charset (RFC 2231 section 5), the last word cut short.
_WORD = re.compile(rf"=\?([^?\s]{{1,60}})\?([bBqQ])\?((?:[^?]|\?(?!=)){{0,{MAX_WORD}}})(?:\?=|$)")
_PIECE = re.compile(rb"[A-Za-z0-9+/]++={0,2}+")
_PIECES = re.compile(rb"(?:[A-Za-z0-9+/]++={0,2}+)++")
_NOT_BASE64 = bytes(set(range(256)) - set((ascii_letters + digits + "+/").encode()))
_BLANKS = re.compile(r"\s*")


def decode_header(value: str) -> str:
    """A raw header value as text: words decoded wherever they stand, neighbours joined as bytes before decoding (MAIL.md P4)."""
    if value.isascii() and "=?" not in value:
        return value
    pieces: list[str] = []
    pending = b""
    charset = ""
    position = 0
    for word in _WORD.finditer(value):
        gap = value[position : word.start()]
        declared = word.group(1).partition("*")[0].lower()
        if pending and (declared != charset or not _BLANKS.fullmatch(gap)):
            pieces.append(decode_bytes(pending, charset))
            pending = b""
        if not _BLANKS.fullmatch(gap) or not position:
            pieces.append(_decode_raw(gap))
        pending += _word_bytes(word)
        charset = declared
        position = word.end()
    if pending:
        pieces.append(decode_bytes(pending, charset))
    return "".join([*pieces, _decode_raw(value[position:])])


def _decode_raw(text: str) -> str:
    """What stands outside words: 8-bit bytes are UTF-8, else cp1252 (MAIL.md P4)."""
    return text if text.isascii() else decode_bytes(text.encode("utf-8", "surrogateescape"), "")


def _word_bytes(word: re.Match[str]) -> bytes:
    octets = word.group(3).encode("utf-8", "surrogateescape")
    if word.group(2) in "bB":
        return decode_base64(octets)
    return binascii.a2b_qp(octets.replace(b"\n", b""), header=True)


def decode_base64(octets: bytes) -> bytes:
    """Base64 with everything foreign dropped (MAIL.md P5); padding ends it, unless nothing but more base64 follows. Never raises.

    Seen in practice: the pieces of a file encoded one by one; and a list's footer below the base64, which is none.
    """
    first, _, rest = octets.partition(b"=")
    compact = rest.translate(None, b"\r\n").lstrip(b"=")
    pieces = _PIECE.findall(compact) if len(compact) >= LEAST_REST and _PIECES.fullmatch(compact) else []
    if any(len(piece) % 4 for piece in pieces):
        pieces = []
    return b"".join(map(_decode_digits, [first, *pieces]))


def _decode_digits(octets: bytes) -> bytes:
    compact = octets.translate(None, _NOT_BASE64)
    if len(compact) % 4 == 1:
        compact = compact[:-1]
    return binascii.a2b_base64(compact + b"=" * (-len(compact) % 4))
