"""How wide a picture is, in pixels, by its first bytes: PNG, GIF, JPEG and BMP, which mail programs write. Pure."""

import struct

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The JPEG segments that begin with the size of the picture (ITU-T T.81, table B.1)."""
_MOST_SEGMENTS = 200


def read_width(content: bytes) -> int | None:
    """None where it is none of these, or broken. Nothing but numbers is read, so that a picture made to harm does none here."""
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return _number(">I", content, 16) if content[12:16] == b"IHDR" else None
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return _number("<H", content, 6)
    if content[:2] == b"BM":
        return _number("<i", content, 18)
    return _read_jpeg(content) if content[:3] == b"\xff\xd8\xff" else None


def _read_jpeg(content: bytes) -> int | None:
    """From segment to segment: what stands before the size, as a preview of a camera's, may be large."""
    place = 2
    for _ in range(_MOST_SEGMENTS):
        marker, length = content[place : place + 2], _number(">H", content, place + 2)
        if len(marker) < 2 or marker[0] != 0xFF or length is None or length < 2:
            return None
        if marker[1] in _FRAMES:
            return _number(">H", content, place + 7)
        place += 2 + length
    return None


def _number(form: str, content: bytes, place: int) -> int | None:
    """None also for what no picture is wide."""
    size = struct.calcsize(form)
    if len(content) < place + size:
        return None
    (number,) = struct.unpack_from(form, content, place)
    return int(number) if number > 0 else None
