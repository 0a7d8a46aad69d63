"""Bytes → text by the ladder of MAIL.md P4: what is declared, then UTF-8, then what the HTML says, then cp1252 with replacements.

Declared names go through `data/charsets.toml` first. Cleaning the text is `maild.ingest.hygiene`'s.
"""

import re
from functools import lru_cache

from maild.ingest.data import table
from maild.ingest.iso2022 import decode_iso2022_jp

LAST_RESORT = "cp1252"
TOLERATED_ERRORS = 0.1

_NAME = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,59}")
_META = re.compile(rb"<meta[^>]{0,400}charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:+-]{1,40})", re.IGNORECASE)
META_WINDOW = 4_096


def decode_bytes(octets: bytes, declared: str, *, html: bool = False) -> str:
    """The text of these bytes. `declared` may be empty, unknown or wrong; `html` looks for a charset in the first meta elements too."""
    charset = normalise(declared)
    if octets.isascii() and charset not in STATEFUL:
        return octets.decode("ascii")
    candidates = [charset, "utf-8", normalise(_meta_charset(octets)) if html else ""]
    for candidate in candidates:
        text = _decode_strictly(octets, candidate) if candidate else None
        if text is not None:
            return text
    if b"\xed" in octets and (text := _decode_pairs(octets)) is not None:
        return text
    return _decode_damaged(octets, charset) or octets.decode(LAST_RESORT, "replace")


STATEFUL = frozenset({"utf-7", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "iso2022_jp", "iso2022_kr", "hz"})


@lru_cache(maxsize=256)
def normalise(declared: str) -> str:
    """The codec for a declared name, "" for none. Seen in practice: "utf-8;", "'utf-8'", "windows-1252http-equiv"."""
    found = _NAME.match(declared.strip().strip("\"'").lower())
    if not found:
        return ""
    name = found.group().rstrip(".:-_")
    aliases, refused = _aliases()
    name = aliases.get(name.replace("_", "-"), name)
    return "" if name in refused else name


@lru_cache(maxsize=1)
def _aliases() -> tuple[dict[str, str], frozenset[str]]:
    """(codec by declared name, names that are no text encoding of mail)."""
    data = table("charsets")
    aliases, refused = data["aliases"], data["refused"]
    if not isinstance(aliases, dict) or not isinstance(refused, list):
        raise TypeError("charsets.toml: aliases is a table, refused a list")
    return {str(name): str(codec) for name, codec in aliases.items()}, frozenset(map(str, refused))


def _decode_strictly(octets: bytes, charset: str) -> str | None:
    """None where the codec is unknown or the bytes do not fit it. An unknown name raises LookupError, a NUL in it ValueError."""
    if charset.startswith(("utf-16", "utf-32")) and b"\0" not in octets:
        return None  # Seen in practice: utf-16 declared over plain ASCII, which decodes without complaint to Chinese.
    try:
        return decode_iso2022_jp(octets) if charset == "iso2022_jp" else octets.decode(charset)
    except (LookupError, ValueError):
        return None


def _decode_pairs(octets: bytes) -> str | None:
    """Seen in practice: UTF-8 in which each half of a surrogate pair is encoded on its own (CESU-8)."""
    try:
        return octets.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
    except ValueError:
        return None


def _decode_damaged(octets: bytes, charset: str) -> str | None:
    """The declared charset with a few bytes lost, where nearly all of the text fits it. Seen in practice: a cut character at the end."""
    try:
        text = octets.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return None
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return text if text.count("\ufffd") <= foreign * TOLERATED_ERRORS else None


def _meta_charset(octets: bytes) -> str:
    found = _META.search(octets[:META_WINDOW])
    return found.group(1).decode("ascii") if found else ""
