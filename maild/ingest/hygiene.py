"""Text hygiene: what decoded text goes through before anybody sees it (MAIL.md P3). Pure; decoding itself is `maild.ingest.charset`'s."""

import re
import unicodedata

MAX_MARKS = 60

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BIDI_OVERRIDE = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_END = re.compile("\r\n?")
# Unicode's own ends of lines and paragraphs. Mail programs mark what they quote by the lines of mail, which end in LF: what stood behind
# such a one in a quoted line would look like words of whoever quotes it.
_SEPARATOR = re.compile("[\u2028\u2029]")
_BLANKS = re.compile(r"\s+")
# What is no letter, digit, blank or ASCII: combining marks among it. Unicode's own safe limit for a run of marks is 30 (UAX 15).
_MARK = re.compile(r"[^\w\s\x00-\x7f]")
_MARKS = re.compile(rf"{_MARK.pattern}{{{MAX_MARKS},}}")


def clean_text(text: str) -> str:
    """Many lines: LF line ends and no others, no control characters but tab and LF, no lone surrogates, NFC."""
    if text.isascii() and text.isprintable():
        return text
    text = _CONTROL.sub("", _LINE_END.sub("\n", text))
    return text if text.isascii() else _compose(_SEPARATOR.sub(" ", _SURROGATE.sub("\ufffd", text)))


def one_line(text: str) -> str:
    """A header value, a name: as `clean_text`, on one line, without the marks that turn the direction of writing (MAIL.md P3)."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _BLANKS.sub(" ", clean_text(_BIDI_OVERRIDE.sub("", _BLANKS.sub(" ", text)))).strip()


def _compose(text: str) -> str:
    """NFC. Lines with endless runs of combining marks stay as they are: sorting a run takes the square of its length.

    Any run of sixty has a mark at a place that is a multiple of sixty, and those places are soon looked through.
    """
    if not _MARK.search(text[::MAX_MARKS]) or not _MARKS.search(text):
        return unicodedata.normalize("NFC", text)
    return "\n".join(line if _MARKS.search(line) else unicodedata.normalize("NFC", line) for line in text.split("\n"))
