"""The form in which texts are compared (RULES.md 3): case, accents, digits and blanks of our users' alphabets made equal. Pure.

Everything runs in C (normalisation, case folding, one-class substitutions), and once for each of the words a long text repeats, so a
megabyte takes milliseconds.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

MOST_CHARACTERS = 1024 * 1024
"""So much of a text is compared. Logs of many megabytes are pasted into mails, and nobody else's mail is seen through meanwhile."""

_FORMULA = re.compile("[\ufdfa\ufdfb]")
"""Arabic blessings in one character each, which normalisation spells out in 18 and 8: a mail of them alone would take gigabytes."""

_INVISIBLE = re.compile("[\u00ad\u0640\u064b-\u065f\u0670\u0591-\u05bd\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00]+")
"""Soft hyphens, tatweel, Arabic and Hebrew vowel points, zero-width characters and direction marks: nobody types them when searching."""

_ACCENT = re.compile("[\u0300-\u036f](?<=[a-z\u0370-\u03ff].)[\u0300-\u036f]*")
"""Marks after a Latin or Greek letter. Not after Cyrillic ones: й is a letter of its own, not an и with a breve."""

_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
_NOT_A_WORD = re.compile(r"[^\w\n]+")
_ZWNJ = "\u200c"
_LETTERS = {
    "ي": "ی",  # Arabic keyboards write Persian with these two
    "ى": "ی",
    "ك": "ک",
    "е\u0308": "е",  # ё, decomposed
    "ı": "i",  # Turkish; dotted İ loses its dot as an accent
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ħ": "h",
    "æ": "ae",
    "œ": "oe",
}


_SHORT = 100


class Folded:
    """A text in its comparison form. Each of its parts between blanks is folded once, however often it stands there."""

    __slots__ = ("_forms", "_parts", "_whole")

    def __init__(self, text: str) -> None:
        text = text[:MOST_CHARACTERS]
        self._parts = text.split()
        self._forms = _change_each(_fold_ascii if text.isascii() else _fold_letters, self._parts)
        self._whole: str | None = None

    @property
    def whole(self) -> str:
        if self._whole is None:
            self._whole = _join(map(self._forms.__getitem__, self._parts))
        return self._whole

    @property
    def different(self) -> str:
        """Its parts, those that are alike but once: what stands within a part stands here, too."""
        return _join(self._forms.values())


def folded(text: str) -> Folded:
    """A text in its comparison form. What is short comes again, as the names of tags at each rule that changes some."""
    return _remembered(text) if len(text) <= _SHORT else Folded(text)


@lru_cache(maxsize=4096)
def _remembered(text: str) -> Folded:
    return Folded(text)


def fold(text: str) -> str:
    """The comparison form of a text. Folding twice changes nothing more."""
    return Folded(text).whole


def split_words(folded: str) -> str:
    """The words of a folded text, each between single blanks: ` pay the invoice `. What is neither letter nor digit parts words."""
    parts = folded.split()
    words = _change_each(_part_words, parts)
    return f" {_join(map(words.__getitem__, parts))} "


def _fold_ascii(text: str) -> str:
    return text.replace("\x00", "").casefold()


def _fold_letters(text: str) -> str:
    plain = _FORMULA.sub(" ", text).replace(_ZWNJ, " ")
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKD", plain)).casefold()
    for letter, folded in _LETTERS.items():
        plain = plain.replace(letter, folded)
    plain = unicodedata.normalize("NFKC", _ACCENT.sub("", plain))
    for digit in set(_FOREIGN_DIGIT.findall(plain)):
        plain = plain.replace(digit, str(unicodedata.decimal(digit)))
    return plain


def _part_words(text: str) -> str:
    return _NOT_A_WORD.sub(" ", text.replace("_", " "))


def _change_each(change: Callable[[str], str], parts: Iterable[str]) -> Mapping[str, str]:
    """Each different part, and what it is changed into: all in one text, of which `change` must keep the ends of lines."""
    different = dict.fromkeys(parts)
    changed = change("\n".join(different)).split("\n")
    return {part: " ".join(form.split()) for part, form in zip(different, changed, strict=False)}


def _join(parts: Iterable[str]) -> str:
    return " ".join(filter(None, parts))
