"""Words that an editor may propose of one desk: its settings, its templates, and its rules as they are written. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from maild.config.nodes import Items, Scalar, Table, walk_entries
from maild.config.settings import Desk, Settings, Storage, Trust
from maild.rules.fields import Known
from maild.rules.load import LoadedRules
from maild.secret import Secret


@dataclass(frozen=True, slots=True)
class DeskWords:
    """What an editor may propose of one desk."""

    settings: Settings | None = None
    templates: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def of(self, known: Known) -> tuple[str, ...]:
        """The words of a closed set; none where only a desk knows them."""
        return tuple(known.words(self.settings or _NO_DESK))


_NO_DESK = Settings(Path(), Desk("", "", "", Secret("plain", "")), Storage(), None, Trust(), {}, {}, {})


def find_words(settings: Settings, templates: Iterable[str], loaded: LoadedRules) -> DeskWords:
    """The words of a desk, and of its rules as they are written, valid or not."""
    names = {section: _keys_of(loaded, section) for section in ("lists", "conditions")}
    entries = [entry for file in loaded.files for section in file.sections.values() for entry in walk_entries(section.value)]
    tags = sorted({text for entry in entries if entry.key.text in ("tag", "tags", "untag") for text in _plain_texts(entry.value)})
    rules = tuple(entry.value.text for entry in entries if entry.key.text == "id" and isinstance(entry.value, Scalar))
    return DeskWords(settings, tuple(sorted(templates)), tuple(tags), names["lists"], names["conditions"], rules)


def _keys_of(loaded: LoadedRules, section: str) -> tuple[str, ...]:
    tables = (file.sections[section].value for file in loaded.files if section in file.sections)
    return tuple(entry.key.text for table in tables if isinstance(table, Table) for entry in table.entries)


def _plain_texts(node: object) -> list[str]:
    items = node.items if isinstance(node, Items) else (node,)
    return [item.text for item in items if isinstance(item, Scalar) and re.fullmatch(r"[^${}\s]+", item.text)]
