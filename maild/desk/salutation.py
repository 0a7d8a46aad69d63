"""Salutations: words that begin as a letter to somebody, as in `Dear Ann,` or `Здравствуйте, Анна!`. Pure."""

import re

from maild.desk.when import fold
from maild.message import Address

_MOST_WORDS = 5
_FIRST_LINE = re.compile(r"[^\n]{1,100}")
_STOPS = re.compile(r"[,!:;،，、]")


def is_addressed_to(text: str, person: Address) -> bool:
    """Whether a text begins with a few words that end, before a comma or the like, with a name of hers."""
    line = _FIRST_LINE.match(text.lstrip())
    names, said = re.findall(r"\w\w+", fold(person.name)), 0
    for piece in _STOPS.split(fold(line[0]))[:2] if line else ():
        words = re.findall(r"\w+", piece)
        said += len(words)
        if words and said <= _MOST_WORDS and words[-1] in names:
            return True
    return False
