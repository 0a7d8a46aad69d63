"""Does a mail pass another one on in its own text (MAIL.md A6)? Pure; the words of all languages are in `data/forwards.toml`."""

import re

from maild.ingest.data import words

MAX_LINE = 200
_WRITTEN_LINE = re.compile(r"[^\n]*[^\s][^\n]*")
_RULE = re.compile(r"\s{0,4}[-_=*~#—–─]{2,}")
_DECORATION = " \t-_=*~#—–─.:：\"'«»„“”<>"


def begins_with_forward(text: str) -> bool:
    """Is the first written line the marker of a forwarded mail? A marker further down belongs to what is quoted there."""
    found = _WRITTEN_LINE.search(text[: 20 * MAX_LINE])
    line = found[0] if found else ""
    if len(line) > MAX_LINE or line.lstrip().startswith((">", "|")):
        return False
    bare = line.strip(_DECORATION).casefold()
    if _RULE.match(line):
        # Seen in practice: `----- Forwarded by Ann Smith/Globex on 10.11.2026 09:12 -----`.
        return bare.startswith(words("forwards", "markers"))
    return bare in words("forwards", "markers")
