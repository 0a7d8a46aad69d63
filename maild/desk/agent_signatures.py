"""An agent's signature that nothing marks as one: a department's, copied into his mail, or what ends his mails again and again (P9). Pure.

Marked ones are cut where the mail is read (`maild.ingest.signatures`). Here what is in doubt stays: a customer may get a signature, and
must not miss a word.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from maild.desk.courtesy import says_thanks
from maild.ingest.data import words
from maild.ingest.html_shown import letters_of
from maild.ingest.introductions import is_greeting
from maild.ingest.quotes import is_quoted
from maild.ingest.signatures import may_be_signature
from maild.known import REPEATED_ANSWERS, OwnAnswer

MOST_LINES = 15
MOST_LINES_LOOKED_AT = 5_000
LEAST_LINES = 2
LEAST_SHARE = 0.5
LINES_ABOVE = 3
_GOES_ON = (":", "：")
_SENTENCE_END = (".", "!", "?", "。", "！", "？", *_GOES_ON)


def without_signature(text: str, name: str, configured: Iterable[str], earlier: Sequence[OwnAnswer]) -> str:
    """An answer's text without the signature below it; unchanged where there is none.

    `name` is the agent's, `configured` the departments' signatures, `earlier` his last answers. Something always stays, and not a
    greeting alone.
    """
    lines = text.split("\n")
    if len(lines) > MOST_LINES_LOOKED_AT:
        return text
    starts = (*(_find_configured(lines, signature) for signature in configured), _find_repeated(lines, name, earlier))
    found = [start for start in starts if start is not None and _may_end_before(lines, start)]
    return "\n".join(lines[: min(found)]).rstrip() if found else text


def is_signature_alone(text: str, name: str) -> bool:
    """Whether a text says nothing but who wrote it: the agent's name, below a farewell or not, or below one the first of his names, and
    what stands below names. Thanks are meant for somebody.

    Seen in practice: `#close` in Outlook, which has put his signature into the answer before he wrote.
    """
    written = [line for line in text.split("\n") if line.strip()]
    above = next((place for place, line in enumerate(written) if not _is_farewell(line)), len(written))
    names = {letters_of(name), letters_of(name.partition(" ")[0] if above else name)} - {""}
    is_named = above < len(written) <= MOST_LINES and letters_of(written[above]) in names
    return is_named and _is_addition(written[above:]) and not any(map(says_thanks, written[:above]))


def find_unmarked_signature(text: str, name: str) -> str:
    """What ends a text and is a signature by all signs, though nothing marks it: some lines with its writer's name, and nothing but
    names, places and numbers. "" where there is none, or nothing else.
    """
    lines = text.split("\n")
    for start in _starts(lines):
        block = [line for line in lines[start:] if line.strip()]
        if len(block) > MOST_LINES or not _is_signature(block, name):
            break
        if len(block) >= LEAST_LINES and any(_names(line, name) for line in block) and any(line.strip() for line in lines[:start]):
            return "\n".join(block)
    return ""


def _may_end_before(lines: Sequence[str], start: int) -> bool:
    above = "\n".join(lines[:start]).strip()
    return above != "" and not above.endswith(_GOES_ON) and not is_greeting(above)


def _find_configured(lines: Sequence[str], signature: str) -> int | None:
    """The last lines that all stand in this signature: all of it, or half of it as a block by itself."""
    wanted = _spelled(signature.split("\n"))
    start, found = len(lines), set[str]()
    for number in range(len(lines) - 1, -1, -1):
        letters = letters_of(lines[number])
        if letters and letters not in wanted:
            break
        if letters:
            start = number
            found.add(letters)
    is_all, is_apart = len(found) == len(set(wanted)), _begins_block(lines, start)
    is_most = len(found) >= max(LEAST_LINES, LEAST_SHARE * len(wanted))
    return start if found and ((is_all and len(found) >= LEAST_LINES) or (is_apart and (is_all or is_most))) else None


def _find_repeated(lines: Sequence[str], name: str, earlier: Sequence[OwnAnswer]) -> int | None:
    """The last block if it has ended each of the three answers before, with the repeated paragraphs above it that are none but names."""
    if len(earlier) < REPEATED_ANSWERS:
        return None
    found, end = None, len(lines)
    for start in _starts(lines):
        paragraph = lines[start:end] if found is None else lines[start:found]
        is_like_one = _is_signature(paragraph, name) if found is None else _is_addition(paragraph)
        is_repeated = all(_ended(answer, _spelled(lines[start:])) for answer in earlier)
        if is_like_one and is_repeated and len(_spelled(lines[start:])) <= MOST_LINES and _may_end_before(lines, start):
            found = start
        elif found is not None and _begins_paragraph(lines, start):
            break
    block = [] if found is None else _spelled(lines[found:])
    return found if len(block) >= LEAST_LINES or block == [letters_of(name)] else None


def _starts(lines: Sequence[str]) -> Iterator[int]:
    """Where a block may begin, from the last on."""
    written = [number for number in range(len(lines)) if lines[number].strip()]
    yield from (number for number in reversed(written[-2 * MOST_LINES :]) if _begins_block(lines, number))


def _begins_paragraph(lines: Sequence[str], number: int) -> bool:
    return number == 0 or not lines[number - 1].strip()


def _begins_block(lines: Sequence[str], number: int) -> bool:
    """Behind a blank line, or with a farewell or behind one."""
    if number >= len(lines):
        return False
    return _begins_paragraph(lines, number) or _is_farewell(lines[number]) or _is_farewell(lines[number - 1])


def _is_signature(lines: Sequence[str], name: str) -> bool:
    """Names, ranks, places and numbers; below the agent's name also what a company says of itself."""
    written = [line for line in lines if line.strip()]
    named = next((place for place, line in enumerate(written) if _names(line, name)), len(written))
    return not any(map(is_quoted, written)) and all(_is_farewell(line) or may_be_signature(line) for line in written[:named])


def _names(line: str, name: str) -> bool:
    letters, wanted = letters_of(line), letters_of(name)
    return wanted != "" and (letters == wanted or (letters.startswith(wanted) and may_be_signature(line)))


def _is_addition(lines: Sequence[str]) -> bool:
    written = [line for line in lines if line.strip()]
    return all(may_be_signature(line) and not line.rstrip().endswith(_SENTENCE_END) and not is_quoted(line) for line in written)


def _is_farewell(line: str) -> bool:
    bare = line.strip(" \t,.!*_").casefold()
    return bare in _farewells()


@lru_cache(maxsize=1)
def _farewells() -> frozenset[str]:
    return frozenset(words("signatures", "farewells"))


def _ended(answer: OwnAnswer, block: Sequence[str]) -> bool:
    """Whether the block ended what he wrote then, or stood right below what the customer got of it; commands may stand between."""
    shown = _spelled(answer.visible.split("\n"))
    if shown[-len(block) :] == list(block):
        return True
    wanted = [*shown[-LINES_ABOVE:], *block]
    said = _spelled(line for line in answer.text.split("\n") if not is_quoted(line) and not line.lstrip().startswith("#"))
    return any(said[place : place + len(wanted)] == wanted for place in range(len(said) - len(wanted) + 1))


def _spelled(lines: Iterable[str]) -> list[str]:
    """The lines that say something, without blanks, marks and case."""
    return [letters for line in lines if (letters := letters_of(line))]
