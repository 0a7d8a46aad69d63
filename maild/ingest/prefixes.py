"""Reply and forward prefixes of subjects, in all languages of `data/prefixes.toml` (MAIL.md P10). Pure, linear."""

import re
from functools import lru_cache

from maild.ingest.data import words

MAX_PREFIXES = 20


def strip_prefixes(subject: str) -> str:
    """The subject without the prefixes before it: "Re: AW[2]: Fwd: x" → "x". External-mail marks before them go too. Of a
    subject that is nothing else nothing is left.

    Seen in practice: "[Fwd: x]", of Mozilla's programs.
    """
    end = _end_of_prefixes(subject)
    rest = subject[end:].strip()
    if "[" in subject[:end] and rest.endswith("]") and rest.count("]") > rest.count("["):
        rest = rest[:-1].rstrip()
    return rest


def starts_with_forward(subject: str) -> bool:
    """Is there a forward prefix among those at the beginning?"""
    prefix = _prefix()
    position = 0
    for _ in range(MAX_PREFIXES):
        found = prefix.match(subject, position)
        if not found:
            return False
        if found.group("forward"):
            return True
        position = found.end()
    return False


def is_forward(subject: str) -> bool:
    """Was it forwarded last? An answer to a forward is none."""
    prefix = _prefix()
    position = 0
    for _ in range(MAX_PREFIXES):
        found = prefix.match(subject, position)
        if not found or found.group("reply"):
            return False
        if found.group("forward"):
            return True
        position = found.end()
    return False


def _end_of_prefixes(subject: str) -> int:
    prefix = _prefix()
    position = 0
    for _ in range(MAX_PREFIXES):
        found = prefix.match(subject, position)
        if not found:
            break
        position = found.end()
    return position


@lru_cache(maxsize=1)
def _prefix() -> re.Pattern[str]:
    """One prefix: the word, a count as in "Re[2]:" or "Re^2:", a colon, full-width too; or a mark of the sender's mail system.

    Marks for the direction of writing may stand before it.
    """
    reply, forward, marks = ("|".join(map(re.escape, words("prefixes", key))) for key in ("reply", "forward", "marks"))
    count = r"\s{0,3}(?:[\[(^]\s{0,3}\d{1,4}\s{0,3}[\])]?|\d{1,3})?\s{0,3}"
    word = rf"(?:(?P<reply>{reply})|\[?(?P<forward>{forward})){count}[:：]"
    return re.compile(rf"[\s\u200e\u200f]{{0,9}}(?:{word}|(?P<mark>{marks}))[\s\u200e\u200f]{{0,9}}", re.IGNORECASE)
