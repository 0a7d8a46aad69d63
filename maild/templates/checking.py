"""Checking a desk's own templates before they run (MAIL.md O9): do they compile, do they use only what there is, do they render.

Codes: E401 not readable or not a valid template, E402 an unknown name, E403 fails on made-up values, E404 a kind without its text.
"""

import re
import traceback
from collections.abc import Iterator, Mapping

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from maild.config.faults import Fault, Faults, Place, did_you_mean
from maild.config.settings import Settings
from maild.errors import TemplateError
from maild.templates.catalogue import HTML, ROLES, SUBJECT, TEXT, TemplateFile
from maild.templates.render import Templates
from maild.templates.sandbox import STEP
from maild.templates.values import sample_values


def check_templates(settings: Settings, extra: frozenset[str] = frozenset()) -> tuple[Fault, ...]:
    """Every fault of the desk's own templates. `extra` are names its rules hand to their templates."""
    faults = Faults()
    templates = Templates(settings)
    sound = [file for file in templates.catalogue.files() if file.own and _check_file(templates, file, extra, faults)]
    for kind, language in sorted({_kind_of(file) for file in sound if _is_part_of_a_kind(file)}):
        _check_kind(templates, kind, language, extra, faults)
    return faults.sorted()


def _check_file(templates: Templates, file: TemplateFile, extra: frozenset[str], faults: Faults) -> bool:
    try:
        source = file.path.read_text(encoding="utf-8")
        tree = templates.sandbox.parse(source, file.name, str(file.path))
        templates.sandbox.compile(tree, file.name, str(file.path))
    except TemplateSyntaxError as error:
        faults.add(Place(file.path, error.lineno, 1), "E401", f"is not a valid template: {error.message}")
        return False
    except (OSError, UnicodeDecodeError) as error:
        faults.add(Place(file.path, 1, 1), "E401", f"cannot be read as UTF-8: {error}")
        return False
    unknown = list(_unknown_names(tree, sample_values(_kind_of(file)[0]), extra))
    for name, line, hint in unknown:
        faults.add(_place(file, source, name, line), "E402", f'unknown name "{name}"{hint}')
    return not unknown


def _check_kind(templates: Templates, kind: str, language: str, extra: frozenset[str], faults: Faults) -> None:
    """Render one kind in one language with made-up values."""
    text = templates.catalogue.find(f"{language}/{kind}.{TEXT}")
    if text is None:
        other = templates.catalogue.find(f"{language}/{kind}.{SUBJECT}") or templates.catalogue.find(f"{language}/{kind}.{HTML}")
        if other:
            faults.add(Place(other.path, 1, 1), "E404", f'has no text beside it: write "{kind}.{TEXT}" too')
        return
    try:
        templates.render(kind, (language,), dict.fromkeys(extra, "") | dict(sample_values(kind)))
    except TemplateError as error:
        faults.add(_failed_at(error, text), "E403", f"fails on made-up values: {error}")


def _kind_of(file: TemplateFile) -> tuple[str, str]:
    language, _, rest = file.name.rpartition("/")
    return rest.partition(".")[0], language


def _is_part_of_a_kind(file: TemplateFile) -> bool:
    return "/" in file.name and file.name.partition(".")[2] in ROLES


def _unknown_names(tree: nodes.Template, values: Mapping[str, object], extra: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    """Each unknown name with its line and a hint. A name asked for with `is defined` or `default` may be missing."""
    known = {*values, *extra, STEP, *_asked_for(tree)}
    for name in sorted(find_undeclared_variables(tree) - known):
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), 1)
        yield name, line, did_you_mean(name, values)
    for node in tree.find_all(nodes.Getattr):
        fields = values.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        if isinstance(fields, Mapping) and fields and node.attr not in fields:
            yield node.attr, node.lineno, did_you_mean(node.attr, fields)


def _asked_for(tree: nodes.Template) -> frozenset[str]:
    tests = (node.node for node in tree.find_all(nodes.Test) if node.name == "defined")
    filters = (node.node for node in tree.find_all(nodes.Filter) if node.name in ("default", "d"))
    return frozenset(node.name for node in (*tests, *filters) if isinstance(node, nodes.Name))


def _place(file: TemplateFile, source: str, name: str, line: int) -> Place:
    text = source.splitlines()[line - 1] if line <= source.count("\n") + 1 and source else ""
    match = re.search(rf"\b{re.escape(name)}\b", text)
    return Place(file.path, line, match.start() + 1 if match else 1, len(name))


def _failed_at(error: TemplateError, file: TemplateFile) -> Place:
    """Where a rendering failed: Jinja2 rewrites tracebacks to the template's own lines."""
    cause = error.__cause__
    frames = traceback.extract_tb(cause.__traceback__) if cause else []
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == str(file.path)), None)
    return Place(file.path, line or 1, 1)
