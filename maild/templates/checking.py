"""Checking a desk's own templates before they run (MAIL.md O9): do they compile, do they use only what there is, do they render.

Codes: E401 not readable or not a valid template, E402 an unknown name, E403 fails on made-up values, E404 a kind without its text,
E405 a value that a rule should hand over and does not; W308 a language of the desk's own lacks words.
"""

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence

from jinja2 import TemplateSyntaxError, nodes

from maild.config.faults import Fault, Faults, Place, did_you_mean
from maild.config.settings import Settings
from maild.errors import TemplateError
from maild.templates import words
from maild.templates.catalogue import PACKAGED, TEXT, WORDS, Listed, TemplateFile
from maild.templates.names import UnknownName, find_needed_names, find_unknown_names
from maild.templates.render import Templates
from maild.templates.values import Handed, is_sent_unasked, sample_values, values_handed
from maild.templates.words import Word, read_words

HANDING = "E405"


def check_templates(settings: Settings, handed: Sequence[Handed] | None = ()) -> tuple[Fault, ...]:
    """Every fault of the desk's own templates. `handed` is what its rules give them; None where broken rules leave that unknown."""
    return _Check(settings, handed).run()


class _Check:
    """One check of one desk's templates."""

    def __init__(self, settings: Settings, handed: Sequence[Handed] | None) -> None:
        self._templates = Templates(settings)
        self._catalogue = self._templates.catalogue
        self._own = [file for file in self._catalogue.files() if file.own]
        self._handed = handed or ()
        self._knows_rules = handed is not None
        self._undecided: set[TemplateFile] = set()
        self._faults = Faults()

    def run(self) -> tuple[Fault, ...]:
        broken = {file for file in self._own if not self._is_sound(file)} | self._undecided
        if all(file.kind for file in broken):
            touches_all = any(not file.kind and not _holds_words(file) for file in self._own)
            for listed in self._catalogue.listing():
                if (listed.own or touches_all) and broken.isdisjoint(listed.files):
                    self._check_kind(listed)
        return self._faults.sorted()

    def _is_sound(self, file: TemplateFile) -> bool:
        before = len(self._faults.errors)
        if _holds_words(file):
            self._check_words(file)
        else:
            self._check_template(file)
        return len(self._faults.errors) == before

    def _check_template(self, file: TemplateFile) -> None:
        start = Place(file.path, 1, 1)
        try:
            source = file.read().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self._faults.add(start, "E401", f"cannot be read as UTF-8: {error}")
            return
        known = self._templates.words_known(file.language or words.LAST_RESORT)
        self._check_source(file, source, start, {**sample_values(file.kind), words.NAME: known})

    def _check_source(self, file: TemplateFile, source: str, start: Place, values: Mapping[str, object]) -> None:
        """One template, or one word of the file; `start` is where its source begins."""
        try:
            tree = self._templates.sandbox.parse(source)
            self._templates.sandbox.compile(tree)
            self._check_names(file, tree, start, values)
        except TemplateSyntaxError as error:
            self._faults.add(_line_of(start, error.lineno), "E401", f"is not a valid template: {error.message}")
        except (RecursionError, SyntaxError):
            # Jinja goes into blocks by recursion, and Python, into which it translates them, allows 20 loops within each other.
            self._faults.add(start, "E401", "is not a valid template: its blocks are nested too deeply")

    def _check_names(self, file: TemplateFile, tree: nodes.Template, start: Place, values: Mapping[str, object]) -> None:
        given = values_handed(file.kind, self._handed)
        relied_on = {} if is_sent_unasked(file.kind) else given
        needed = find_needed_names(tree)
        for unknown in find_unknown_names(tree, {**relied_on, **values}):
            if not self._knows_rules and unknown.name in needed and not is_sent_unasked(file.kind):
                self._undecided.add(file)
            else:
                code, problem = self._describe(unknown, file.kind, needed, given)
                self._faults.add(_place(start, unknown.name, unknown.line), code, problem)
        for name in sorted(needed & relied_on.keys() - values.keys()):
            self._check_givers(file, name)

    def _describe(self, unknown: UnknownName, kind: str, needed: frozenset[str], given: Mapping[str, object]) -> tuple[str, str]:
        """The code and the words of a fault."""
        problem = f'unknown name "{unknown.name}"{unknown.hint}'
        if unknown.name not in needed:
            return "E402", problem
        if unknown.name in given:
            remedy = f'{{{{ {unknown.name}|default("") }}}} does without'
            return HANDING, f"{problem}; rules give it, but the desk sends this letter by itself, too; {remedy}"
        rules = ", ".join(dict.fromkeys(item.rule for item in self._of_kind(kind)))
        return (HANDING, f"{problem}; no rule that names this template gives it ({rules})") if rules else ("E402", problem)

    def _check_givers(self, file: TemplateFile, name: str) -> None:
        """Some rule hands the value over, so every rule must that sends such a letter."""
        for item in self._of_kind(file.kind):
            if name not in item.values:
                message = f'the rule "{item.rule}" does not give "{name}", which the template {file.name} uses'
                self._faults.add(item.place, HANDING, message)

    def _of_kind(self, kind: str) -> list[Handed]:
        return [item for item in self._handed if item.kind == kind]

    def _check_words(self, file: TemplateFile) -> None:
        """Each word is one that letters ask for, or belongs to a kind of the desk's own; each is a sound template."""
        given = read_words(file.path, self._faults, file.kept)
        wanted = self._words_of_the_package()
        for word in given:
            if str(word) not in wanted and not self._is_of_an_own_kind(word):
                self._faults.add(word.name_place, "E402", f'unknown word "{word}"{did_you_mean(str(word), wanted)}')
            self._check_source(file, word.text, word.place, sample_values(""))
        missing = sorted(wanted - {str(word) for word in given})
        if missing and not self._catalogue.find(f"{PACKAGED}{file.name}"):
            place = given[0].name_place if given else Place(file.path, 1, 1)
            self._faults.add(place, "W308", f"lacks {', '.join(missing)}: letters say that in English")

    def _words_of_the_package(self) -> frozenset[str]:
        file = self._catalogue.find(f"{PACKAGED}{words.LAST_RESORT}/{WORDS}")
        return frozenset(str(word) for word in read_words(file.path, self._faults, file.kept)) if file else frozenset()

    def _is_of_an_own_kind(self, word: Word) -> bool:
        return len(word.name) > 1 and any(file.kind.replace("-", "_") == word.name[0] for file in self._own)

    def _check_kind(self, listed: Listed) -> None:
        """Render one kind in one language with made-up values."""
        kind = listed.kind
        if self._catalogue.find_part(kind, TEXT, listed.language) is None:
            self._faults.add(Place(listed.files[0].path, 1, 1), "E404", f'has no text beside it: write "{kind}.{TEXT}" too')
            return
        try:
            for values in self._values_of(kind):
                self._templates.render(kind, (listed.language,), values)
        except TemplateError as error:
            own = [*(file for file in listed.files if file.own), *self._own]
            self._faults.add(_failed_at(error, own), "E403", f"fails on made-up values: {error}")

    def _values_of(self, kind: str) -> Iterator[Mapping[str, object]]:
        """What letters of a kind may be rendered with: as the desk writes them by itself, and as each rule does."""
        given = {} if is_sent_unasked(kind) else values_handed(kind, self._handed)
        yield {**sample_values(kind), **given}
        yield from ({**sample_values(kind), **given, **item.values} for item in self._of_kind(kind))


def _holds_words(file: TemplateFile) -> bool:
    return file.name.endswith(f"/{WORDS}")


def _place(start: Place, name: str, line: int) -> Place:
    """Where in the file the name stands, given its line in the template that begins at `start`."""
    place = _line_of(start, line)
    text = next(iter(start.file.read_text(encoding="utf-8").splitlines()[place.line - 1 : place.line]), "")
    match = re.compile(rf"\b{re.escape(name)}\b").search(text, place.column - 1)
    return Place(place.file, place.line, match.start() + 1 if match else place.column, len(name))


def _line_of(start: Place, line: int) -> Place:
    return start if line == 1 else Place(start.file, start.line + line - 1, 1)


def _failed_at(error: TemplateError, own: list[TemplateFile]) -> Place:
    """Where in one of the desk's files a rendering failed: Jinja2 rewrites tracebacks to the templates' own lines."""
    cause = error.__cause__
    frames = traceback.extract_tb(cause.__traceback__) if cause else []
    paths = {str(file.path): file.path for file in own}
    inside = [frame for frame in frames if frame.filename in paths]
    return Place(paths[inside[-1].filename], inside[-1].lineno or 1, 1) if inside else Place(own[0].path, 1, 1)
