"""Which templates there are, and where: a desk's own files first, then the packaged ones. Files only; rendering is `render`'s.

A template of a kind is `<language>/<kind>.body.txt`, `<kind>.subject.txt` and, where the HTML says more than the text,
`<kind>.body.html`. Without one, `layout.html` makes the HTML from the text, so that a desk which rewrites a text need not write it twice.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

LAYOUT = "layout.html"
SUBJECT, TEXT, HTML = "subject.txt", "body.txt", "body.html"
ROLES = (SUBJECT, TEXT, HTML)
_NAME = re.compile(r"(?:[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?/)?[A-Za-z0-9][A-Za-z0-9_-]{0,63}(?:\.[a-z]{2,8}){1,2}")


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One file. `name` is as templates name each other (`en/received.body.txt`); `own`: the desk's, not the package's."""

    name: str
    path: Path
    own: bool


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
    """The templates one desk sees. `directory` is the desk's own folder of templates, which need not exist."""

    def __init__(self, directory: Path) -> None:
        self._roots = ((directory, True), (Path(str(resources.files("maild.templates"))), False))

    def find(self, name: str) -> TemplateFile | None:
        """The file of that name, the desk's own before the packaged; None without one, or where the name is no template's."""
        if not _NAME.fullmatch(name):
            return None
        files = (TemplateFile(name, root / name, own) for root, own in self._roots)
        return next((file for file in files if file.path.is_file()), None)

    def find_html(self, kind: str, language: str) -> TemplateFile | None:
        """The HTML file of a kind; None where its text is the desk's own and the HTML is not, which would say something else."""
        html, text = self.find(f"{language}/{kind}.{HTML}"), self.find(f"{language}/{kind}.{TEXT}")
        return None if html and text and text.own and not html.own else html

    def language_of(self, kind: str, languages: Sequence[str]) -> str | None:
        """The first of the languages that has this kind; a regional one (`de-AT`) falls back to its language."""
        wanted = (name for language in languages for name in (language, language.partition("-")[0].lower()))
        return next((name for name in wanted if self.find(f"{name}/{kind}.{TEXT}")), None)

    def exists(self, kind: str) -> bool:
        """Whether the kind stands in any language."""
        return any(listed.kind == kind for listed in self.listing())

    def files(self) -> tuple[TemplateFile, ...]:
        """Every file, those hidden by the desk's own left out, by name."""
        found: dict[str, TemplateFile] = {}
        for root, own in self._roots:
            for path in _template_paths(root):
                name = path.relative_to(root).as_posix()
                found.setdefault(name, TemplateFile(name, path, own))
        return tuple(found[name] for name in sorted(found))

    def listing(self) -> tuple[Listed, ...]:
        """Every kind in every language, by kind."""
        groups: dict[tuple[str, str], list[TemplateFile]] = {}
        for file in self.files():
            language, _, rest = file.name.rpartition("/")
            kind, _, role = rest.partition(".")
            if language and role in ROLES:
                groups.setdefault((kind, language), []).append(file)
        return tuple(Listed(kind, language, tuple(groups[kind, language])) for kind, language in sorted(groups))


def _template_paths(root: Path) -> Iterator[Path]:
    for pattern in ("*.html", "*/*.txt", "*/*.html"):
        yield from (path for path in root.glob(pattern) if _NAME.fullmatch(path.relative_to(root).as_posix()))
