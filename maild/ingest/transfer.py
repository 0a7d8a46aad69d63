"""Content-Transfer-Encoding (RFC 2045 section 6) taken off, whatever state it is in (MAIL.md P5). Never raises, linear."""

import binascii
import re

from maild.ingest.words import decode_base64

_LINE = re.compile(rb"[^\r\n]+")
_UUENCODE = frozenset({"x-uuencode", "uuencode", "uue", "x-uue"})
_BEGIN = re.compile(rb"^begin(?:-base64)?[ \t]+[0-7]{3,4}[ \t]+([^\r\n]{1,255})\r?\n", re.MULTILINE)
_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)


def decode_transfer(octets: bytes, encoding: str) -> bytes:
    """The bytes behind a transfer encoding; an unknown one is 8bit."""
    match encoding.partition(";")[0].strip().strip("\"'").lower():
        case "base64":
            return decode_base64(octets)
        case "quoted-printable" | "quoted_printable":
            return binascii.a2b_qp(octets)
        case name if name in _UUENCODE:
            _, files = split_uuencoded(octets)
            return files[0][1] if files else octets
        case _:
            return octets


def split_uuencoded(octets: bytes) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """Old-style files in a text: (the text without them, their names and bytes). A block without its end is text."""
    rest: list[bytes] = []
    files: list[tuple[str, bytes]] = []
    position = 0
    while begin := _BEGIN.search(octets, position):
        end = _END.search(octets, begin.end())
        if end is None:
            break
        content = _decode_lines(octets[begin.end() : end.start()])
        if content is None:
            rest.append(octets[position : begin.end()])
            position = begin.end()
            continue
        rest.append(octets[position : begin.start()])
        files.append((begin.group(1).decode("utf-8", "surrogateescape"), content))
        position = end.end()
    return b"".join([*rest, octets[position:]]), tuple(files)


def _decode_lines(block: bytes) -> bytes | None:
    """None where a line is no uuencoded one: prose may have lines "begin 644 …" and "end" too."""
    content: list[bytes] = []
    for line in _LINE.findall(block):
        try:
            content.append(binascii.a2b_uu(line))
        except binascii.Error:
            return None
    return b"".join(content) or None
