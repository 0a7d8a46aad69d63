"""What an agent who answers between the lines of our notification quotes of it beside the customer's words (MAIL.md A8, P8). Pure.

The first lines, warnings, the card, the messages before, the help and the reference: nothing of that may reach the customer, what he wrote
himself may. Words of all languages are in `data/furniture.toml`; a card is also known by its ticket's number.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from maild.ingest.attributions import weigh
from maild.ingest.lines import MAX_LINES, Line, next_written, plain_lines, simplify
from maild.ingest.new_text import cut_reply, is_wrapped
from maild.ingest.quotes import find_quote, has_own_reference, is_quoted

LEAST_ROWS = 3
ROWS_OF_OURS = 4
CARD_LINES = 12

_MARKS = re.compile(r"[\s>|]{0,40}")
_CELLS = re.compile(r"\s{0,9}[|\t]\s{0,9}")
_RULE = re.compile(r"[-_=*]{3,200}$")
_COMMANDS = re.compile(r"#note\W{1,3}#close\W{1,3}#wait")
_MORE_COMMANDS = re.compile(r"#move QUEUE\W{1,3}#tag WORD")
_PIECE_OF_COMMANDS = re.compile(r"(?:#[a-z]{2,12}|3d|NAME|QUEUE|WORD|high)(?:[,\s]{1,3}(?:#[a-z]{2,12}|3d|NAME|QUEUE|WORD|high)){0,14},?$")
_LAST_OF_COMMANDS = "#help"
_ONE_COMMAND = re.compile(r"(?:#\s{0,3}|/)[a-z]{2,12}(?: (?:3d|NAME|QUEUE|WORD|high))?", re.IGNORECASE)
_FURTHER_ACTION = re.compile(r"·\s")
_ACTION = re.compile(r"<?mailto:\S{0,500}maild-ref")


@dataclass(frozen=True, slots=True)
class _Words:
    top: tuple[str, ...]
    ticket: frozenset[str]
    rows: frozenset[str]
    heads: frozenset[str]


def without_furniture(text: str, ticket: int) -> str:
    """An answer's text without what is quoted of the notification's own words; unchanged where nothing is.

    `ticket` is the number the card names. What the agent wrote stays wherever it stands, and what he quotes of the customer too.
    """
    if not _is_furnished(text, ticket):
        return text
    # What is surely a notification is cut where it may be: careful is only who may lose somebody's words.
    lines = plain_lines(cut_reply(plain_lines(text), is_careful=False).visible)
    examined = simplify(lines[:MAX_LINES])
    taken = frozenset(_furniture(examined, ticket))
    return "\n".join(_tidied(lines, taken)).strip("\n")


def is_unmarked_furniture(text: str, ticket: int) -> bool:
    """Do pieces of the notification stand in a text as if its writer had written them? Nobody can tell his words from them."""
    lines = simplify(plain_lines(text)[:MAX_LINES])
    own = [number for number, line in enumerate(lines) if line.text.strip() and not is_quoted(line.text)]
    return any(_is_sure(lines, number, ticket) for number in own)


def shows_notification(text: str) -> bool:
    """Does a text show a notification, of whatever ticket, marked as a quotation or not? Other desks' mails have such rows, too, but not
    as many."""
    lines = simplify(plain_lines(text)[:MAX_LINES])
    return any(_is_surely_ours(lines, number) for number, line in enumerate(lines) if line.text.strip())


def _is_surely_ours(lines: Sequence[Line], number: int) -> bool:
    bare = _bare(lines[number])
    label, colon, _ = bare.partition(":")
    is_card = colon and label.strip().lower() in _words().ticket and _count_rows(lines, number + 1) >= ROWS_OF_OURS
    return bool(is_card) or _is_top_line(bare) or _COMMANDS.search(bare) is not None


def _is_furnished(text: str, ticket: int) -> bool:
    lines = simplify(plain_lines(text)[:MAX_LINES])
    quoted = [number for number, line in enumerate(lines) if is_quoted(line.text)]
    return _find_below(lines, quoted, ticket) is not None or any(_is_top_line(_bare(lines[number])) for number in quoted)


def _furniture(lines: Sequence[Line], ticket: int) -> Iterator[int]:
    """The numbers of all lines that are the notification's own."""
    quoted = [number for number, line in enumerate(lines) if is_quoted(line.text)]
    yield from _introduction(lines, quoted)
    below = _find_below(lines, quoted, ticket)
    begin = len(lines) if below is None else _with_warnings(lines, below)
    for number in quoted:
        bare = _bare(lines[number])
        if number >= begin or _is_top_line(bare) or bare.startswith("! "):
            yield number
    yield from (number for number in range(begin + 1, len(lines)) if _is_tail(lines, number))


def _introduction(lines: Sequence[Line], quoted: Sequence[int]) -> Iterator[int]:
    """The attribution or header block over the notification: it names the department, or the agent."""
    quote = find_quote(lines, is_careful=False)
    if quote and not is_quoted(lines[quote.start].text):
        yield from range(quote.start, quote.content)
    # Seen in practice (an iPhone): the attribution has a quote mark itself.
    first = next((number for number in quoted if _bare(lines[number])), None)
    if first is not None and weigh(_bare(lines[first])):
        yield first


def _find_below(lines: Sequence[Line], quoted: Sequence[int], ticket: int) -> int | None:
    """The quoted line with which the lower part of the notification begins, None without one. All that is quoted below it belongs to it."""
    written = [number for number in quoted if _bare(lines[number])]
    card = next((number for number in written if _is_card(lines, number, ticket)), None)
    return card if card is not None else next((number for number in written if _is_below(lines, number)), None)


def _is_below(lines: Sequence[Line], number: int) -> bool:
    bare = _bare(lines[number])
    if has_own_reference(bare) or _COMMANDS.search(bare) or _MORE_COMMANDS.search(bare) or _ACTION.search(bare):
        return True
    if bare.endswith(":") and bare.rstrip(" :").lower() in _words().heads:
        return True
    following = next_written(lines, number + 1)
    is_followed = following is not None and is_quoted(lines[following].text) and _is_row(_bare(lines[following]))
    return _is_row(bare) and is_followed


def _is_card(lines: Sequence[Line], number: int, ticket: int) -> bool:
    """The row of the ticket's number, on one line or its cells below one another. Another template's label is one over rows we know."""
    label, colon, value = _bare(lines[number]).partition(":")
    if not colon or not (value := value.strip() or _next_bare(lines, number)) or value.lstrip("#") != str(ticket):
        return False
    return label.strip().lower() in _words().ticket or _count_rows(lines, number + 1) >= LEAST_ROWS - 1


def _is_sure(lines: Sequence[Line], number: int, ticket: int) -> bool:
    bare = _bare(lines[number])
    if _is_top_line(bare) or _COMMANDS.search(bare):
        return True
    return _is_card(lines, number, ticket) and _count_rows(lines, number + 1) >= LEAST_ROWS - 1


def _count_rows(lines: Sequence[Line], start: int) -> int:
    return sum(_is_row(_bare(line)) for line in lines[start : start + CARD_LINES])


def _next_bare(lines: Sequence[Line], number: int) -> str:
    following = next_written(lines, number + 1)
    return _bare(lines[following]) if following is not None else ""


def _with_warnings(lines: Sequence[Line], below: int) -> int:
    """Warnings, the rule and empty lines between the customer's words and the card, and what is left of a shortened card above the rest."""
    is_in_card = True
    while below and is_quoted(lines[below - 1].text):
        bare = _bare(lines[below - 1])
        is_in_card = is_in_card and not _RULE.match(bare)
        is_ours = _RULE.match(bare) or bare.startswith("! ") or (is_in_card and _is_row(bare))
        if bare and not is_ours:
            break
        below -= 1
    return below


def _is_tail(lines: Sequence[Line], number: int) -> bool:
    """The end of a line of ours that lost its quote mark when a mail program wrapped it."""
    text = lines[number].text.strip()
    if not text or is_quoted(text):
        return False
    if _ACTION.match(text) or is_wrapped(lines, number) or (lines[number - 1].text.strip() and _FURTHER_ACTION.match(text)):
        return True
    return is_quoted(lines[number - 1].text) and _is_rest_of_commands(_bare(lines[number - 1]), text)


def _is_rest_of_commands(above: str, text: str) -> bool:
    """Whether a line goes on with the commands named in the one above it."""
    is_broken_off = _PIECE_OF_COMMANDS.match(above) is not None and not above.endswith(_LAST_OF_COMMANDS)
    return is_broken_off and _PIECE_OF_COMMANDS.match(text) is not None and not is_one_command(text)


def is_one_command(text: str) -> bool:
    """Whether a line is a command as an agent writes it right below what he quotes: `#note`, `# note`. No piece of the help names one
    alone, but its last."""
    bare = text.strip()
    return bare != _LAST_OF_COMMANDS and _ONE_COMMAND.fullmatch(bare) is not None


def _is_top_line(bare: str) -> bool:
    return bare.lower().startswith(_words().top)


def _is_row(bare: str) -> bool:
    label, colon, _ = bare.partition(":")
    return bool(colon) and label.strip().lower() in _words().rows


def _bare(line: Line) -> str:
    """The words of a line without quote marks, bold and the borders of cells."""
    text = _MARKS.sub("", line.text, count=1)
    return _CELLS.sub(" ", text).replace("*", "").strip(" \t_")


def _tidied(lines: Sequence[Line], taken: frozenset[int]) -> Iterator[str]:
    """What is left; where something was taken, no empty lines pile up, and no quotation begins or ends with one."""
    last, is_gap = "", False
    left = [None if number in taken else line.text for number, line in enumerate(lines)]
    for number, text in enumerate(left):
        if text is None:
            is_gap = True
        elif _MARKS.sub("", text, count=1).strip():
            if is_gap and last.strip() and not (is_quoted(last) and is_quoted(text)):
                yield ""
            yield text
            last, is_gap = text, False
        elif is_quoted(text) and _borders_on_nothing(left, number):
            is_gap = True
        elif not (is_gap and not last.strip()):
            yield "" if is_gap else text
            last = ""


def _borders_on_nothing(left: Sequence[str | None], number: int) -> bool:
    """An empty quoted line at the edge of what is left of its quotation."""
    before = left[number - 1] if number else None
    after = left[number + 1] if number + 1 < len(left) else None
    return before is None or after is None


@cache
def _words() -> _Words:
    data = tomllib.loads(files("maild.desk").joinpath("data/furniture.toml").read_text(encoding="utf-8"))
    top, snoozed, unsent, welcome, ticket, rows, heads = (
        [simplify((Line(word),))[0].text for words in data[key].values() for word in words]
        for key in ("reply", "snoozed", "unsent", "welcome", "ticket", "rows", "heads")
    )
    return _Words((*top, *snoozed, *unsent, *welcome), frozenset(ticket), frozenset(rows), frozenset(heads))
