"""The blocks below `#split`: a line `--- Title`, and what the customer said about it (PRODUCT 21). Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply, is_old_text

MOST_BLOCKS = 20
MOST_OF_TITLE = 200
# Seen in practice: telephones that make one long dash of two short ones as they are typed.
_TITLE = re.compile(r"[*_\s]{0,9}(?:-{3,9}|—-|-—|—{2,3}|⸻)[ \t\u00a0]*(?P<title>[^\s\-—].{0,999})")
_WORD = re.compile(r"\w+")
_TELLING = 10
"""In characters: a line is known that begins or ends within a word, where a script has no blanks or a program breaks words."""
_QUOTED = re.compile(r"[ \t]{0,9}[>＞][ \t]?")


@dataclass(frozen=True, slots=True)
class Block:
    """What becomes a ticket of its own. `text` is what stands below its title, whoever has written that; "" for nothing."""

    title: str
    text: str


def part(text: str) -> tuple[str, tuple[Block, ...]]:
    """(the words above the blocks, the blocks). Quote marks before the lines of a block say only where its words come from; above all of
    them, nothing but a quotation is no words (MAIL.md A5)."""
    above: list[str] = []
    blocks: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if match := _TITLE.fullmatch(line.rstrip()):
            blocks.append((_title(match["title"]), []))
        else:
            (blocks[-1][1] if blocks else above).append(line)
    words = "\n".join(above).strip("\n").rstrip()
    return "" if is_old_text(words) else words, tuple(Block(title, _words(lines)) for title, lines in blocks)


def find_block_fault(blocks: tuple[Block, ...]) -> str:
    """Why no tickets can be made of these; "" if they can."""
    if not blocks:
        return '#split needs a line "--- TITLE" for each new ticket below your words, and under it what the customer said about that'
    if len(blocks) > MOST_BLOCKS:
        return f"#split makes {MOST_BLOCKS} tickets at most, and here are {len(blocks)} titles"
    return ""


def _title(text: str) -> str:
    return text.strip(" \t*_-—")[:MOST_OF_TITLE].strip()


def _words(lines: list[str]) -> str:
    """Without quote marks, and without the mail that a program quotes below the last block, which is what follows an attribution."""
    excerpt = list(takewhile(lambda line: not line.strip() or _QUOTED.match(line), lines))
    text = "\n".join((*map(_unquoted, excerpt), *lines[len(excerpt) :]))
    new = cut_reply(plain_lines(text))
    return "" if new.is_old else "\n".join(map(_unquoted, new.visible.splitlines())).strip("\n").rstrip()


def part_customers(text: str, said: Iterable[str]) -> tuple[str, str]:
    """(the lines of a block that stand in what its customer has said, the others). Who quotes between lines, or a program that does it in
    its own way, leaves others' words there, and notes."""
    known = [_spelled("\n".join(line for line in words.splitlines() if not _QUOTED.match(line))) for words in said]
    hers: list[str] = []
    rest: list[str] = []
    for line in text.splitlines():
        spelled = _spelled(line)
        is_hers = any(spelled in words or (len(spelled) >= _TELLING and spelled.strip() in words) for words in known)
        (hers if is_hers or not spelled.strip() else rest).append(line)
    return "\n".join(hers).strip("\n").rstrip() if any(map(_is_written, hers)) else "", "\n".join(rest)


def _spelled(text: str) -> str:
    """Its words, whatever stands between them."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _is_written(line: str) -> bool:
    return _WORD.search(line) is not None


def _unquoted(line: str) -> str:
    return _QUOTED.sub("", line, count=1)
