"""Delivery reports in plain words: whom they name and what they say, by the shapes in which mail servers write them. Pure, linear.

Whether a mail is a report at all is judged in `maild.ingest.reports`; the words stand in `data/notices.toml`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from maild.ingest.data import words

_MAX_LINES = 2_000
_MAX_LINE = 2_000
_FIRST_LINES = 12
ADDRESS = r"[^\s<>()\[\],;:\"'@|=]{1,128}@[^\s<>()\[\],;:\"'@|]{1,255}"
_LEAD = r"[\s>*|#\-–•\"'“]{0,20}"


@dataclass(frozen=True, slots=True)
class NamedRecipient:
    """An address a notice names as failed, and the words that belong to it."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice's own lines, and the lines of the message it returns below them."""

    lines: tuple[str, ...]
    returned: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def first_words(self) -> str:
        """The first lines folded for comparison."""
        return fold(" ".join([line for line in self.lines if line.strip()][:_FIRST_LINES]))


def fold(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


def read_notice(text: str) -> Notice:
    """The notice apart from what it returns."""
    lines = tuple(line.rstrip()[:_MAX_LINE] for line in text.split("\n", _MAX_LINES)[:_MAX_LINES])
    cut = next((number for number, line in enumerate(lines) if number and _begins_returned(line)), len(lines))
    return Notice(lines[:cut], lines[cut:])


def has_opening(notice: Notice) -> bool:
    """Whether it speaks like a mail server in its first lines."""
    return any(phrase in notice.first_words for phrase in words("notices", "openings"))


def says_delay(subject: str, notice: Notice) -> bool:
    """Whether the mail is only late."""
    folded = fold(subject)
    return any(phrase in folded or phrase in notice.first_words for phrase in words("notices", "delays"))


def has_report_subject(subject: str) -> bool:
    return fold(subject).startswith(words("notices", "subjects"))


def find_recipients(notice: Notice, own: str) -> tuple[NamedRecipient, ...]:
    """The addresses listed as failed, by the surest shape that names any. `own` is where the notice came to, seldom the failed one."""
    return next((found for shape in SURE_SHAPES if (found := _named(shape(notice), own))), ())


def guess_recipients(notice: Notice, own: str) -> tuple[NamedRecipient, ...]:
    """The same by looser shapes: an address in a sentence, the transcript's RCPT TO, the returned message's To."""
    return next((found for shape in LOOSE_SHAPES if (found := _named(shape(notice), own))), ())


def _named(found: Iterator[NamedRecipient], own: str) -> tuple[NamedRecipient, ...]:
    distinct: dict[str, NamedRecipient] = {}
    for named in found:
        distinct.setdefault(named.address.casefold(), named)
    others = tuple(named for key, named in distinct.items() if key != own.casefold())
    return others or tuple(distinct.values())


# Sure shapes: a line of its own


_ALONE = re.compile(rf"{_LEAD}<?(?:mailto:)?({ADDRESS})>?[\"'”]?\s{{0,4}}(?:<(?:mailto:)?{ADDRESS}>)?\s{{0,4}}[:.,;]?\s{{0,4}}")
_NAMED_ALONE = re.compile(rf"{_LEAD}[\"'][^\"<>]{{1,100}}[\"']\s{{0,4}}<({ADDRESS})>\s{{0,4}}")
_BRACKETED = re.compile(rf"{_LEAD}<({ADDRESS})>\s{{0,4}}(?::|\.\.\.)(?P<rest>.{{0,1000}})")
_TRANSCRIPT = re.compile(rf"[45]\d\d[ -](?:#?[45]\.\d{{1,3}}\.\d{{1,3}} )?<?({ADDRESS})>?\s{{0,4}}\.\.\.(?P<rest>.{{0,1000}})")
_LEADING = re.compile(rf"{_LEAD}<?({ADDRESS})>?(?::|\s)(?P<rest>.{{0,1000}})")
_X400 = re.compile(rf".{{0,300}}\bsmtp=({ADDRESS})", re.IGNORECASE)
_SENDER_BEFORE = re.compile(r"(?:sent by|from|sender|absender|on behalf of|contact|write to)\s{0,3}:?$", re.IGNORECASE)


def _listed(notice: Notice) -> Iterator[NamedRecipient]:
    """qmail `<a@b>:`, Exim and Gmail an indented line, Postfix `<a@b>: host … said`, MDaemon `> a@b`."""
    yield from _by_lines(notice, (_BRACKETED, _ALONE, _NAMED_ALONE))


def _transcribed(notice: Notice) -> Iterator[NamedRecipient]:
    """Sendmail 5: `554 <a@b>... 550 Host unknown`."""
    yield from _by_lines(notice, (_TRANSCRIPT,))


def _leading(notice: Notice) -> Iterator[NamedRecipient]:
    """Exchange `a@b on Thu, …`, OpenSMTPD `a@b: Domain does not exist`, Zoho `a@b Invalid Address`; Exchange 5.5's X.400 form."""
    yield from _by_lines(notice, (_LEADING, _X400))


def _by_lines(notice: Notice, shapes: tuple[re.Pattern[str], ...]) -> Iterator[NamedRecipient]:
    """Each line of one of the shapes, with the lines up to the next such line as its words."""
    address, collected, before = "", [""], ""
    for line in notice.lines:
        match = next((match for shape in shapes if (match := _match(shape, line))), None)
        if match and not _SENDER_BEFORE.search(before):
            if address:
                yield NamedRecipient(address, "\n".join(collected))
            address, collected = _trim(match[1]), [match.groupdict().get("rest") or ""]
        else:
            collected.append(line)
        before = line.strip() or before
    if address:
        yield NamedRecipient(address, "\n".join(collected))


def _match(shape: re.Pattern[str], line: str) -> re.Match[str] | None:
    return (shape.match(line) if shape is _X400 else shape.fullmatch(line)) if "@" in line else None


# Loose shapes: an address somewhere in a line. Every address begins a word, so that a line is read once


_SEARCHED_ADDRESS = re.compile(rf"(?<![^\s<>()\[\],;:\"'@|=])({ADDRESS})")
_FAILURE_BEFORE = re.compile(
    r"\b(?:deliver\w{0,3}|undeliverable|addressed|reach|sen[dt]|errors?|recipients?|user(?:id|'s)?|mailbox|full|address(?:es)?|attempts|message|mail)"
    r"\b[^<>@]{0,80}[\s<:(\"']$",
    re.IGNORECASE,
)
_NOT_FAILED = re.compile(r"contact|assistance|\bfrom\b|postmaster|administrator|\bhelp\b|visit|https?:|sender", re.IGNORECASE)
_COMMAND_BEFORE = re.compile(r"rcpt\s{0,3}(?:to)?\s{0,3}:\s{0,3}<?$", re.IGNORECASE)
_ORIGIN_BEFORE = re.compile(r"(?:generated|expanded) from:?\s{0,3}<?$", re.IGNORECASE)
_TO_BEFORE = re.compile(r"\s{0,8}(?:to|x-original-to|delivered-to)\s{0,2}:", re.IGNORECASE)


def _in_sentences(notice: Notice) -> Iterator[NamedRecipient]:
    """`Delivery failed 20 attempts: a@b`, `User's mailbox is full: <a@b>`."""
    lines = tuple(line for line in notice.lines if not _NOT_FAILED.search(line))
    yield from _by_words_before(notice, lines, lambda before: _FAILURE_BEFORE.search(before[-120:]) is not None)


def _in_commands(notice: Notice) -> Iterator[NamedRecipient]:
    """The transcript's `RCPT TO:<a@b>`."""
    yield from _by_words_before(notice, notice.lines, lambda before: _COMMAND_BEFORE.search(before[-20:]) is not None)


def _generated(notice: Notice) -> Iterator[NamedRecipient]:
    """Exim: `an undisclosed address (generated from a@b)`."""
    yield from _by_words_before(notice, notice.lines, lambda before: _ORIGIN_BEFORE.search(before[-30:]) is not None)


def _in_returned_headers(notice: Notice) -> Iterator[NamedRecipient]:
    yield from _by_words_before(notice, notice.lines + notice.returned[:200], lambda before: _TO_BEFORE.match(before) is not None)


def _by_words_before(notice: Notice, lines: tuple[str, ...], wanted: Callable[[str], bool]) -> Iterator[NamedRecipient]:
    for line in lines:
        if "@" not in line:
            continue
        for match in _SEARCHED_ADDRESS.finditer(line):
            if wanted(line[: match.start()]):
                yield NamedRecipient(_trim(match[1]), notice.text)


Shape = Callable[[Notice], Iterator[NamedRecipient]]
SURE_SHAPES: tuple[Shape, ...] = (_listed, _transcribed, _leading, _in_commands)
LOOSE_SHAPES: tuple[Shape, ...] = (_in_sentences, _generated, _in_returned_headers)


# Where the returned message begins


_HEADER_LINE = re.compile(r"(?:received|return-path|delivered-to|dkim-signature|x-received|arc-seal|received-spf)\s{0,2}:", re.IGNORECASE)


def _begins_returned(line: str) -> bool:
    if _HEADER_LINE.match(line):
        return True
    folded = fold(line[:200])
    return "@" not in folded and any(marker in folded for marker in words("notices", "returned"))


def _trim(address: str) -> str:
    return address.strip("'.").rstrip("!?")
