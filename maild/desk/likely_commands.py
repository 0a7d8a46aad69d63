"""Likely commands: what a word that is none was probably meant to be (MAIL.md A7). Whether it is asked for, done or only kept inside is
`command_lines`' to say. Pure."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from maild.desk.command_words import aliases, command_of, foreign_commands, plain, spellings
from maild.desk.control import CONTROLS
from maild.desk.verbs import VERBS

COMMANDS = (*VERBS, *CONTROLS)
"""All of them, by their own words."""
_LIKE_AT_ALL = 0.6
"""So much like a command is what may have been one where commands stand."""
_LIKE_A_SLIP = 0.7
"""And so much what one would take for a slip there."""
_LIKE_AMONG_WORDS = 0.75
"""From "wiat" on a word is a mistyped command, where a line of words begins with it; "hashtag" is none."""
_LIKE_ANOTHER_LANGUAGES = 0.85
"""The same for the words of languages, if they begin alike: there are many, and "winter" is near to "intern", "area" to "tarea"."""
_LIKE_NOTHING_ELSE = 3
"""Shorter commands are too much like other words: "#top", "#two"."""


@lru_cache(maxsize=1024)
def find_probable(word: str, tags: frozenset[str]) -> str:
    """The command, some with what stands behind it, or the tag that was meant, as far as one would ask; "" for none. One word of `yes`
    does it: of another language it must be a slip."""
    if foreign := foreign_commands().get(plain(word)):
        return foreign
    return _nearer(word, _near(word, (*COMMANDS, *tags), _LIKE_A_SLIP), _near_other(word))


@lru_cache(maxsize=1024)
def find_nearest(word: str) -> str:
    """The word of a command that was perhaps meant; "" for none."""
    return _nearer(word, _near(word, COMMANDS, _LIKE_AT_ALL), _near(plain(word), aliases(), _LIKE_AT_ALL))


@lru_cache(maxsize=1024)
def find_among_words(word: str) -> str:
    """The word of a command that one among others is, or is by a slip of the fingers; "" for none. Remembered: a program is full of
    "#include"."""
    if command_of(word) in COMMANDS:
        return word
    near = _nearer(word, _near(word, COMMANDS, _LIKE_AMONG_WORDS), _near_other(word))
    return near if len(near) >= _LIKE_NOTHING_ELSE else ""


def _near_other(word: str) -> str:
    """Of the words of languages, as these are compared."""
    folded = plain(word)
    return _near(folded, (other for other in aliases() if other[0] == folded[:1]), _LIKE_ANOTHER_LANGUAGES)


def _near(word: str, known: Iterable[str], cutoff: float) -> str:
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=cutoff)), "")


def _nearer(word: str, own: str, other: str) -> str:
    """Of a command's own word and another, as these are compared, the nearer, as people are shown it; "" for neither."""
    is_own = own and (not other or _likeness(word, own) >= _likeness(plain(word), other))
    return own if is_own else spellings().get(other, "")


def _likeness(word: str, known: str) -> float:
    return SequenceMatcher(a=known, b=word).ratio()
