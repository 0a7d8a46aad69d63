"""Lists that hold a value twice, and names that nobody uses. Pure."""

import re
from collections.abc import Iterable, Iterator

from maild.config.faults import Faults
from maild.config.nodes import Entry, Items, Scalar, Table, walk_entries, walk_scalars
from maild.rules.load import RuleFile

_LIST_NAME = re.compile(r"\$([A-Za-z_][\w-]*)")


def check_lists(files: Iterable[RuleFile], faults: Faults) -> None:
    """A value that stands twice in one list. Tests have lists of their own kind: of attachments, say."""
    for section in (section for file in files for name, section in file.sections.items() if name != "tests"):
        for entry in walk_entries(section.value):
            if isinstance(entry.value, Items) and entry.key.text != "between":
                _check_items(entry.value, faults)


def _check_items(items: Items, faults: Faults) -> None:
    first: dict[str, Scalar] = {}
    for item in items:
        if isinstance(item, Scalar) and (earlier := first.setdefault(item.text, item)) is not item:
            faults.add(item.place, "W315", f'"{item.text}" stands in this list already (line {earlier.place.line}); take one of them out')


def check_names(files: tuple[RuleFile, ...], faults: Faults) -> None:
    """Lists and conditions that nothing uses."""
    used = frozenset(_uses(files))
    for file in files:
        for section, noun, how in (("lists", "list", "${}"), ("conditions", "condition", "use: {}")):
            for key in (entry.key for entry in _named(file, section) if (section, entry.key.text) not in used):
                faults.add(key.place, "W316", f'nothing uses the {noun} "{key.text}" ("{how.format(key.text)}"); take it out')


def _named(file: RuleFile, section: str) -> tuple[Entry, ...]:
    found = file.sections.get(section)
    return found.value.entries if found and isinstance(found.value, Table) else ()


def _uses(files: Iterable[RuleFile]) -> Iterator[tuple[str, str]]:
    for file in files:
        for section in file.sections.values():
            yield from (("lists", name[1]) for scalar in walk_scalars(section.value) if (name := _LIST_NAME.fullmatch(scalar.text)))
            yield from (
                ("conditions", entry.value.text)
                for entry in walk_entries(section.value)
                if entry.key.text == "use" and isinstance(entry.value, Scalar)
            )
