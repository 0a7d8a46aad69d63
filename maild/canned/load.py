"""A desk's canned answers: `canned/<name>.<language>.md`, or `<name>.md` for every language there is none for → one shelf, or faults.

Codes: E401 not readable, or no valid answer; E402 an unknown name; W307 a file that is not read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maild.canned.notation import NotationFault, read_pieces, with_links
from maild.canned.shelf import ANY_LANGUAGE, NO_ANSWERS, Canned, Piece, Shelf
from maild.config.faults import Fault, Faults, Place
from maild.config.nodes import read_file
from maild.config.settings import Settings
from maild.ingest.hygiene import clean_text

FOLDER, ENDING = "canned", ".md"
MOST_BYTES = 64 * 1024
_NAME = re.compile(r"[^\W_][\w-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[0-9A-Za-z]{2,8}){0,3}")
_FORCED_BREAK = re.compile(r"(?<![ \t])[ \t]*\\?(?=\n)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class LoadedShelf:
    """The answers without faults, and all faults."""

    shelf: Shelf
    faults: tuple[Fault, ...] = ()


def load_shelf(settings: Settings) -> LoadedShelf:
    """Every canned answer of the desk, whose folder need not be there."""
    folder, faults = settings.directory / FOLDER, Faults()
    try:
        files = sorted(folder.iterdir())
    except FileNotFoundError:
        return LoadedShelf(NO_ANSWERS)
    except OSError as error:
        faults.add(Place(folder, 1, 1), "E401", f"cannot be read: {error.strerror}")
        return LoadedShelf(NO_ANSWERS, faults.sorted())
    answers = (_read_file(file, faults) for file in files if not file.name.startswith(".") and not file.name.endswith("~"))
    return LoadedShelf(Shelf({(answer.name, answer.language): answer for answer in answers if answer}), faults.sorted())


def _read_file(file: Path, faults: Faults) -> Canned | None:
    if not file.name.endswith(ENDING):
        faults.add(Place(file, 1, 1), "W307", f"this file is not read: canned answers are called NAME.LANGUAGE{ENDING}")
        return None
    name, dot, language = file.name.removesuffix(ENDING).partition(".")
    if problem := _find_name_problem(name, language if dot else None):
        faults.add(Place(file, 1, 1), "E401", problem)
        return None
    source = _read_text(file, faults)
    return _read_answer(name, language.casefold() if dot else ANY_LANGUAGE, source, file, faults) if source is not None else None


def _find_name_problem(name: str, language: str | None) -> str:
    if not _NAME.fullmatch(name) or name != name.casefold():
        return f'"{name}" is no name: lower-case letters, digits, "-" and "_"'
    if language is not None and not _LANGUAGE.fullmatch(language):
        return f'"{language}" is no language code such as en or pt-BR'
    return ""


def _read_text(file: Path, faults: Faults) -> str | None:
    try:
        raw = read_file(file, MOST_BYTES)
    except OSError as error:
        faults.add(Place(file, 1, 1), "E401", f"cannot be read: {error.strerror}")
        return None
    if len(raw) > MOST_BYTES:
        faults.add(Place(file, 1, 1), "E401", f"is larger than {MOST_BYTES // 1024} KiB")
        return None
    try:
        text = clean_text(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        faults.add(Place(file, raw.count(b"\n", 0, error.start) + 1, 1), "E401", "is no UTF-8")
        return None
    if not text.strip():
        faults.add(Place(file, 1, 1), "E401", "is empty; an answer has words")
        return None
    return text.rstrip()


def _read_answer(name: str, language: str, source: str, file: Path, faults: Faults) -> Canned | None:
    from maild.canned.markdown import render

    pieces = tuple(read_pieces(source))
    if broken := [piece for piece in pieces if isinstance(piece, NotationFault)]:
        for fault in broken:
            faults.add(_place(file, source, fault), fault.code, fault.text)
        return None
    sound = tuple(with_links(piece for piece in pieces if not isinstance(piece, NotationFault)))
    page = render(sound)
    for problem in page.problems:
        faults.add(Place(file, problem.line, 1), "E401", problem.text)
    return None if page.problems else Canned(name, language, tuple(_readable(sound)), page.html)


def _place(file: Path, source: str, fault: NotationFault) -> Place:
    line_start = source.rfind("\n", 0, fault.offset) + 1
    return Place(file, source.count("\n", 0, fault.offset) + 1, fault.offset - line_start + 1, fault.width)


def _readable(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The text form: as it is written, but for what is there for Markdown alone, forced line ends and backslashes before marks."""
    for piece in pieces:
        yield _ESCAPE.sub(r"\1", _FORCED_BREAK.sub("", piece)) if isinstance(piece, str) else piece
