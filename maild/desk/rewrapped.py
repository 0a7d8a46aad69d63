"""Quoted lines that a mail program has broken anew, marking the first piece of each only, put together again (MAIL.md A8, P8). Pure.

Seen in practice: telephones, at forty to sixty columns. What is left without a mark looks like the agent's own words, and of what a
notification says none must reach the customer. Nobody can tell by looks; but the desk knows what it has written.
"""

from collections.abc import Iterator, Sequence

from maild.desk.furniture import is_one_command
from maild.desk.quoted_notes import has_quotes
from maild.ingest.attributions import weigh
from maild.ingest.lines import MAX_LINES
from maild.ingest.quotes import is_quoted

NARROWEST = 36
"""No program breaks lines that are shorter."""
MOST_PIECES = 4
"""Of an attribution."""
_COMPARED = 160
"""So many of the last characters of a line tell where in the notification it stands."""


def rejoined(text: str, notification: str) -> str:
    """An answer's text in which the quoted lines of this notification have all their pieces behind one mark, and so has the attribution
    where the program marks that. A notification that is not known is ""."""
    if not notification or not has_quotes(text):
        return text
    return "\n".join(_rejoined(_with_attribution(text.split("\n", MAX_LINES)), _squeezed(notification)))


def _with_attribution(lines: Sequence[str]) -> Sequence[str]:
    """Seen in practice (an iPhone): the attribution has a quote mark itself."""
    first = next((number for number, line in enumerate(lines) if is_quoted(line)), 0)
    bare = (number for number in range(first + 1, len(lines)) if not lines[number].strip() or is_quoted(lines[number]))
    last = min(next(bare, len(lines)), first + MOST_PIECES)
    whole = ((end, _joined(lines[first:end])) for end in range(last, first, -1))
    found = next(((end, line) for end, line in whole if weigh(line.lstrip(" >"))), None)
    return (*lines[:first], found[1], *lines[found[0] :]) if found else lines


def _rejoined(lines: Sequence[str], shown: str) -> Iterator[str]:
    whole = last = ""
    for number, line in enumerate(lines):
        if number and _goes_on(whole, last, line, shown):
            whole = _joined((whole, line))
        else:
            yield from (whole,) if number else ()
            whole = line
        last = line
    yield whole


def _goes_on(whole: str, last: str, line: str, shown: str) -> bool:
    """Whether a line goes on with the quoted one above it, the last piece of which is `last`."""
    first = line.strip().partition(" ")[0]
    if not first or is_quoted(line) or not is_quoted(whole) or len(last.rstrip()) + len(first) < NARROWEST:
        return False
    if last.rstrip().endswith(":") and is_one_command(line):
        # Below the line that says where commands stand.
        return False
    begun, more = _squeezed(whole)[-_COMPARED:], _squeezed(line)
    if not more:
        # The line over the card, and the colon of a French label.
        return not begun or line.strip() == ":"
    return begun != "" and f"{begun}{more}" in shown


def _joined(pieces: Sequence[str]) -> str:
    return " ".join(piece.rstrip() if number == 0 else piece.strip() for number, piece in enumerate(pieces))


def _squeezed(text: str) -> str:
    """Letters and digits alone: marks, blanks, bold and the borders of cells differ from form to form."""
    return "".join(filter(str.isalnum, text.casefold()))
