"""The form in which texts are compared (RULES.md 3): case, accents, digits and blanks of our users' alphabets made equal. Pure.

Everything runs in C over the whole text (normalisation, case folding, one-class substitutions), so a megabyte takes milliseconds.
"""

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u0640\u064b-\u065f\u0670\u0591-\u05bd\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00]+")
"""Soft hyphens, tatweel, Arabic and Hebrew vowel points, zero-width characters and direction marks: nobody types them when searching."""

_ACCENT = re.compile("(?<=[a-z\u0370-\u03ff])[\u0300-\u036f]+")
"""Marks after a Latin or Greek letter. Not after Cyrillic ones: й is a letter of its own, not an и with a breve."""

_FOREIGN_DIGITS = {digit: str(unicodedata.decimal(digit)) for digit in map(chr, range(128, 0x20000)) if digit.isdecimal()}
_NOT_A_WORD = re.compile(r"[\W_]+")
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


def fold(text: str) -> str:
    """The comparison form of a text. Folding twice changes nothing more."""
    if text.isascii():
        return " ".join(text.replace("\x00", "").casefold().split())
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKD", text).replace(_ZWNJ, " ")).casefold()
    for letter, folded in _LETTERS.items():
        plain = plain.replace(letter, folded)
    plain = unicodedata.normalize("NFKC", _ACCENT.sub("", plain))
    for digit in set(plain) & _FOREIGN_DIGITS.keys():
        plain = plain.replace(digit, _FOREIGN_DIGITS[digit])
    return " ".join(plain.split())


def split_words(folded: str) -> str:
    """The words of a folded text, each between single blanks: ` pay the invoice `. What is neither letter nor digit parts words."""
    return f" {_NOT_A_WORD.sub(' ', folded).strip()} "
