"""Which templates there are, and where: a desk's own files first, then the packaged ones. Files only; rendering is `render`'s.

    <language>/<kind>.subject.txt, .body.txt, .body.html    a letter that is prose stands whole in each language
    <kind>.subject.txt, .body.txt, .body.html               a letter with a structure stands once, for every language …
    <language>/words.yaml                                   … that has words for it
    layout.html, agents.txt …                               what templates extend or include

Of a desk's files the one in the language's folder goes before the one for all; both go before the packaged. `maild/<name>` is the packaged
file even where the desk has its own of that name, so that this one may extend it.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

LAYOUT = "layout.html"
WORDS = "words.yaml"
SUBJECT, TEXT, HTML = "subject.txt", "body.txt", "body.html"
ROLES = (SUBJECT, TEXT, HTML)
PACKAGED = "maild/"
_FOLDER = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?/"
_NAME = re.compile(rf"(?:{_FOLDER})?[A-Za-z0-9][A-Za-z0-9_-]{{0,63}}(?:\.[a-z]{{2,8}})?\.(?:txt|html)|{_FOLDER}{re.escape(WORDS)}")


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One file. `name` is as templates name each other (`en/received.body.txt`); `own`: the desk's, not the package's.

    `kept`: what stood in one of the desk's own when it was found, since a running desk has what it was opened with until it is reloaded;
    None where it could not be read.
    """

    name: str
    path: Path
    own: bool
    kept: bytes | None = field(default=None, repr=False, compare=False)

    def read(self) -> bytes:
        """Raises OSError: it cannot be read."""
        return self.path.read_bytes() if self.kept is None else self.kept

    @property
    def language(self) -> str:
        """The folder it stands in; "" for the languages' common files."""
        return self.name.rpartition("/")[0]

    @property
    def kind(self) -> str:
        """The kind it is a part of; "" for words, layouts and the like."""
        kind, _, role = self.name.rpartition("/")[2].partition(".")
        return kind if role in ROLES else ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One kind in one language, with the files it is made of."""

    kind: str
    language: str
    files: tuple[TemplateFile, ...]

    @property
    def own(self) -> bool:
        return any(file.own for file in self.files)


class Catalogue:
    """The templates one desk sees, as its folders are when it is opened. `directory` is the desk's own, which need not exist."""

    def __init__(self, directory: Path) -> None:
        self._own = {name: TemplateFile(name, path, True, _content(path)) for name, path in _template_paths(directory).items()}
        self._packaged = {name: TemplateFile(name, path, False) for name, path in _packaged_paths().items()}

    def find(self, name: str) -> TemplateFile | None:
        """The file of that name, the desk's own before the packaged."""
        if name.startswith(PACKAGED):
            return self._packaged.get(name.removeprefix(PACKAGED))
        return self._own.get(name) or self._packaged.get(name)

    def find_part(self, kind: str, role: str, language: str) -> TemplateFile | None:
        """The file that plays the role in letters of that kind and language; a common one only where the language has words."""
        name = f"{kind}.{role}"
        names = (f"{language}/{name}", name) if self.words(language) else (f"{language}/{name}",)
        return next((files[name] for files in (self._own, self._packaged) for name in names if name in files), None)

    def find_html(self, kind: str, language: str) -> TemplateFile | None:
        """The HTML file of a kind; None where its text is the desk's own and the HTML is not, which would say something else."""
        html, text = self.find_part(kind, HTML, language), self.find_part(kind, TEXT, language)
        return None if html and text and text.own and not html.own else html

    def words(self, language: str) -> tuple[TemplateFile, ...]:
        """The language's words, the desk's own before the packaged; none if the common templates do not speak it."""
        name = f"{language}/{WORDS}"
        return tuple(files[name] for files in (self._own, self._packaged) if name in files)

    def language_of(self, kind: str, languages: Sequence[str]) -> str | None:
        """The first of the languages that has this kind; a regional one (`de-AT`) falls back to its language."""
        wanted = (name for language in languages for name in (language, language.partition("-")[0].lower()))
        return next((name for name in wanted if self.find_part(kind, TEXT, name)), None)

    def kinds(self) -> frozenset[str]:
        """Those that stand in any language."""
        return frozenset(file.kind for file in self.files()) - {""}

    def files(self) -> tuple[TemplateFile, ...]:
        """Every file, those hidden by the desk's own left out, by name."""
        found = self._packaged | self._own
        return tuple(found[name] for name in sorted(found))

    def listing(self) -> tuple[Listed, ...]:
        """Every kind in every language, by kind."""
        kinds = sorted(self.kinds())
        languages = sorted({file.language for file in self.files()} - {""})
        found = (Listed(kind, language, self._parts(kind, language)) for kind in kinds for language in languages)
        return tuple(listed for listed in found if listed.files)

    def _parts(self, kind: str, language: str) -> tuple[TemplateFile, ...]:
        parts = tuple(part for role in ROLES if (part := self.find_part(kind, role, language)))
        speaks = any(not part.language for part in parts)
        return (*parts, *self.words(language)) if speaks else parts


def _content(path: Path) -> bytes | None:
    with suppress(OSError):
        return path.read_bytes()
    return None


@cache
def _packaged_paths() -> dict[str, Path]:
    return _template_paths(Path(str(resources.files("maild.templates"))))


def _template_paths(root: Path) -> dict[str, Path]:
    """Every file below a folder that is named like a template, by its name."""
    paths = ((path.relative_to(root).as_posix(), path) for pattern in ("*.*", "*/*.*") for path in root.glob(pattern))
    return {name: path for name, path in paths if _NAME.fullmatch(name) and path.is_file()}
