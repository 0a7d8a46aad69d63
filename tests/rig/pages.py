"""The pages of the documentation, taken apart: fenced blocks, tables, links and the commands they name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
MANUAL = ROOT / "docs" / "manual"
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `marks` are the words after the language: `run`, or the file the text belongs in."""

    page: Path
    line: int
    language: str
    marks: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, language: str) -> list[Block]:
    """The page's blocks in this language, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        name, *marks = match["info"].split() or [""]
        if name == language:
            found.append(Block(page, text.count("\n", 0, match.start()) + 1, name, tuple(marks), match["text"]))
    return found


def all_blocks(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page, language)]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[tuple[str, str]]:
    """(path, anchor) of every link that stays inside the project; an empty path is the page itself."""
    yield from ((match[1], match[2] or "") for match in _LINK.finditer(prose(page)))


def anchors(page: Path) -> set[str]:
    """The anchors that a forge makes of the page's headings."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def code_words(page: Path) -> set[str]:
    """Everything the page's prose sets in code."""
    return set(_CODE.findall(prose(page)))


def sections(page: Path) -> dict[str, str]:
    """The page's text below each heading, by the heading's words without code marks."""
    parts = re.split(r"^#{2,} (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title.replace("`", "").strip(): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def rows(text: str) -> list[tuple[str, ...]]:
    """The rows of the tables in a text, without heads and rules; code marks are taken off."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    cells = [tuple(cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]) for line in lines]
    rules = {index for index, row in enumerate(cells) if all(set(cell) <= set("-: ") for cell in row)}
    return [row for index, row in enumerate(cells) if index not in rules and index + 1 not in rules]


def transcript(block: Block) -> list[tuple[str, list[str]]]:
    """The commands of a console block (lines that begin with `$ `, continued by a final backslash), each with the lines it prints."""
    found: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1] = (f"{found[-1][0][:-1]}{line.strip()}", [])
        elif line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return found
