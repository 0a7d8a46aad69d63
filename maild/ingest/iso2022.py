"""ISO-2022-JP as Japanese mail really uses it: with the rows Microsoft and NEC added (circled numbers, ㈱, half-width kana), as in cp50220.

Python's own codec knows only the standard's rows, so the double bytes are moved to cp932, which has them all.
"""

import re
import sys
from functools import lru_cache

# Of several in a row only the last counts.
_ESCAPE = re.compile(rb"(?>\x1b(\$[@B]|\$\([@BDO]|\([BJIH]))++")
_DOUBLE_BYTE = frozenset({b"$@", b"$B", b"$(@", b"$(B", b"$(O"})
_HALF_WIDTH = b"(I"
_HIGH = bytes(octet | 0x80 if octet > 0x20 else octet for octet in range(256))
_GRAPHIC = range(0x21, 0x7F)


def decode_iso2022_jp(octets: bytes) -> str:
    """Raises UnicodeDecodeError where the bytes are something else."""
    first, *others = _ESCAPE.split(octets)
    # Blanks, punctuation and the like come again and again between escapes.
    decode = lru_cache(maxsize=1_024)(_decode_run)
    return "".join([_decode_run(first, b"(B"), *map(decode, others[1::2], others[::2])])


def _decode_run(run: bytes, mode: bytes) -> str:
    if mode in _DOUBLE_BYTE:
        return _decode_double(run.replace(b"\r", b""))
    if mode == _HALF_WIDTH:
        return run.translate(_HIGH).decode("cp932")
    return run.decode("ascii" if run.isascii() else "cp932")


def _decode_double(run: bytes) -> str:
    """Seen in practice: the line ends without the escape back to ASCII. Line ends are doubled, and so are pairs like all else."""
    doubled = run.replace(b"\n", b"\n\n")
    try:
        return "".join(map(_characters().__getitem__, memoryview(doubled).cast("H")))
    except (KeyError, TypeError):
        return "\n".join(_shift(line).decode("cp932") for line in run.split(b"\n"))


@lru_cache(maxsize=1)
def _characters() -> dict[int, str]:
    """What pairs of bytes stand for, by the number of this machine's that they are."""
    pairs = [bytes((row, cell)) for row in _GRAPHIC for cell in _GRAPHIC]
    found = {pair: _shift(pair).decode("cp932", "replace") for pair in pairs}
    known = {pair: character for pair, character in found.items() if len(character) == 1 and character != "\ufffd"} | {b"\n\n": "\n"}
    return {int.from_bytes(pair, sys.byteorder): character for pair, character in known.items()}


def _shift(line: bytes) -> bytes:
    """JIS row and cell → Shift_JIS lead and trail byte."""
    shifted = bytearray()
    for row, cell in zip(line[::2], line[1::2], strict=False):
        lead = ((row - 0x21) >> 1) + 0x81
        trail = cell + (0x1F if row & 1 else 0x7E)
        shifted += bytes(((lead + 0x40 if lead > 0x9F else lead) & 0xFF, (trail + 1 if row & 1 and trail >= 0x7F else trail) & 0xFF))
    return bytes(shifted)
