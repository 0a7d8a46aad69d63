"""Rendering: a kind, languages and plain values → subject, text and HTML. The door to Jinja2, together with `sandbox`.

Which files there are is `catalogue`'s, what they say in a language is `words`'; which values a letter has is written in
`maild.outbox.compose`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Template
from jinja2 import TemplateError as JinjaError

from maild.config.faults import did_you_mean
from maild.config.settings import Settings
from maild.errors import TemplateError
from maild.templates import words
from maild.templates.catalogue import LAYOUT, PACKAGED, SUBJECT, TEXT, Catalogue, Listed, TemplateFile
from maild.templates.sandbox import Sandbox, capped
from maild.templates.values import FOR_AGENTS, SAMPLE_TAG, Handed, Html, sample_values, values_handed
from maild.templates.words import Vocabulary, load_vocabulary

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
# Seen in practice: Outlook, whose empty paragraphs are three empty lines each. What an agent writes to a customer stays as it is.
_GAP = re.compile(r"\n(?:[ \t]*\n){2,}")
RENDER_FAULTS = (
    *(JinjaError, TemplateError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError, OSError),
    AssertionError,  # `truncate(2)`, which leaves no room for its dots
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter's words. `html` None: the desk's HTML template is empty on purpose, the letter is text only."""

    subject: str
    text: str
    html: str | None
    language: str


@dataclass(frozen=True, slots=True)
class _Compiled:
    language: str
    subject: Template | None
    text: Template
    html: Template


class Templates:
    """The templates of one desk, each compiled at its first use and kept. Safe for several threads."""

    def __init__(self, settings: Settings) -> None:
        self.catalogue = open_catalogue(settings)
        self.sandbox = Sandbox(self.catalogue)
        self._compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}
        self._vocabularies: dict[str, Vocabulary] = {}

    def render(self, kind: str, languages: Sequence[str], values: Mapping[str, object]) -> Rendered:
        """A letter of the kind, in the first of the languages that has it, English being the last resort.

        The HTML is given the rendered text as `text`.

        Raises:
            TemplateError: there is no such kind, or it fails on these values.
        """
        chosen = self._choose(kind, (*languages, "en"))
        plain = {name: _plain(value) for name, value in values.items()}
        plain |= {"language": chosen.language, "direction": "rtl" if chosen.language in RIGHT_TO_LEFT else "ltr"}
        plain |= {words.NAME: self._vocabulary(chosen.language).filled(dict(plain))}
        subject = " ".join(self._run(chosen.subject, plain).split()) if chosen.subject else ""
        text = self._run(chosen.text, plain).strip() + "\n"
        text = _GAP.sub("\n\n", text) if kind in FOR_AGENTS else text
        html = self._run(chosen.html, plain | {"text": text}).strip()
        return Rendered(subject, text, f"{html}\n" if html else None, chosen.language)

    def words_known(self, language: str) -> Mapping[str, object]:
        """Which words there are, in tables; none where the language's own are not valid."""
        with suppress(TemplateError):
            return self._vocabulary(language).tree
        return {}

    def _choose(self, kind: str, languages: tuple[str, ...]) -> _Compiled:
        if known := self._compiled.get((kind, languages)):
            return known
        language = self.catalogue.language_of(kind, languages)
        if language is None:
            near = did_you_mean(kind, (file.kind for file in self.catalogue.files() if file.kind))
            raise TemplateError(f'there is no template "{kind}" in {", ".join(dict.fromkeys(languages))}{near}')
        self._compiled[kind, languages] = compiled = self._compile(kind, language)
        return compiled

    def _compile(self, kind: str, language: str) -> _Compiled:
        find = self.catalogue.find_part
        html = self.catalogue.find_html(kind, language)
        try:
            return _Compiled(
                language,
                self._template(subject) if (subject := find(kind, SUBJECT, language)) else None,
                self._template(find(kind, TEXT, language)),
                self._template(html),
            )
        except RENDER_FAULTS as error:
            raise TemplateError(f"{language}/{kind}: {error}") from error

    def _template(self, file: TemplateFile | None) -> Template:
        return self.sandbox.get_template(file.name if file else LAYOUT)

    def _vocabulary(self, language: str) -> Vocabulary:
        if language not in self._vocabularies:
            try:
                self._vocabularies[language] = load_vocabulary(self.catalogue, self.sandbox, language)
            except RENDER_FAULTS as error:
                raise TemplateError(f"the words of {language}: {error}") from error
        return self._vocabularies[language]

    def _run(self, template: Template, values: Mapping[str, object]) -> str:
        self.sandbox.meter.start()
        try:
            return capped(template.generate(values))
        except RENDER_FAULTS as error:
            raise TemplateError(f"{template.name}: {error}") from error


def open_catalogue(settings: Settings) -> Catalogue:
    return Catalogue(_own_directory(settings))


def _own_directory(settings: Settings) -> Path:
    return settings.directory / "templates"


def list_kinds(settings: Settings) -> frozenset[str]:
    """What a rule may name: the kinds that stand in at least one language."""
    return open_catalogue(settings).kinds()


def list_templates(settings: Settings) -> tuple[Listed, ...]:
    """Every kind in every language, with its files."""
    return open_catalogue(settings).listing()


def preview(settings: Settings, kind: str, language: str, handed: Iterable[Handed] = (), *, tag: str = SAMPLE_TAG) -> Rendered:
    """The kind as it would look, with made-up values, and with what rules hand over. Its subject is the kind's own."""
    return Templates(settings).render(kind, (language,), {**sample_values(kind, tag), **values_handed(kind, handed)})


def copy_template(settings: Settings, name: str) -> Path:
    """Copy a packaged file to where the desk's own of that name stands, and say where that is.

    Raises:
        TemplateError: there is no such file, the desk has its own already, or it cannot be written.
    """
    catalogue = open_catalogue(settings)
    packaged, own = catalogue.find(f"{PACKAGED}{name}"), _own_directory(settings) / name
    if packaged is None:
        raise TemplateError(f'there is no packaged file "{name}"{did_you_mean(name, (file.name for file in catalogue.files()))}')
    if own.exists():
        raise TemplateError(f"{own} is there already")
    try:
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(packaged.path.read_bytes())
    except OSError as error:
        raise TemplateError(f"{own} cannot be written: {error.strerror}") from error
    return own


def _plain(value: object) -> object:
    """A copy made of plain values only; text that claims to be safe HTML loses that claim, unless it is what `compose` made so."""
    if type(value) is str or isinstance(value, Html):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    raise TemplateError(f"a {type(value).__name__} is no plain value")
