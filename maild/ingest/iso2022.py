"""ISO-2022-JP as Japanese mail really uses it: with the rows Microsoft and NEC added (circled numbers, ㈱, half-width kana), as in cp50220.

Python's own codec knows only the standard's rows, so the double bytes are moved to cp932, which has them all.
"""

import re

_ESCAPE = re.compile(rb"\x1b(\$[@B]|\$\([@BDO]|\([BJIH])")
_DOUBLE_BYTE = frozenset({b"$@", b"$B", b"$(@", b"$(B", b"$(O"})
_HALF_WIDTH = b"(I"


def decode_iso2022_jp(octets: bytes) -> str:
    """Raises UnicodeDecodeError where the bytes are something else."""
    pieces: list[str] = []
    mode = b"(B"
    position = 0
    for escape in _ESCAPE.finditer(octets):
        pieces.append(_decode_run(octets[position : escape.start()], mode))
        mode = escape.group(1)
        position = escape.end()
    return "".join([*pieces, _decode_run(octets[position:], mode)])


def _decode_run(run: bytes, mode: bytes) -> str:
    if mode in _DOUBLE_BYTE:
        # Seen in practice: the line ends without the escape back to ASCII.
        return "\n".join(_shift(line).decode("cp932") for line in run.replace(b"\r", b"").split(b"\n"))
    if mode == _HALF_WIDTH:
        return bytes(octet | 0x80 if octet > 0x20 else octet for octet in run).decode("cp932")
    return run.decode("ascii" if run.isascii() else "cp932")


def _shift(line: bytes) -> bytes:
    """JIS row and cell → Shift_JIS lead and trail byte."""
    shifted = bytearray()
    for row, cell in zip(line[::2], line[1::2], strict=False):
        lead = ((row - 0x21) >> 1) + 0x81
        trail = cell + (0x1F if row & 1 else 0x7E)
        shifted += bytes(((lead + 0x40 if lead > 0x9F else lead) & 0xFF, (trail + 1 if row & 1 and trail >= 0x7F else trail) & 0xFF))
    return bytes(shifted)
