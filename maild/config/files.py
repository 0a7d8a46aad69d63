"""Files: which of them make up a desk → one tree. `maild.yaml`, and beside it files that hold one top-level key each."""

from dataclasses import replace
from pathlib import Path

from maild.config.faults import Faults, Place, did_you_mean
from maild.config.findings import Findings
from maild.config.nodes import Entry, Node, Scalar, Table, parse_yaml, read_yaml
from maild.config.schema import TOP_LEVEL_KEYS

MAIN_FILE = "maild.yaml"
PART_FILES = {f"{key}.yaml": key for key in TOP_LEVEL_KEYS}


def read_files(findings: Findings) -> Table | None:
    """One table of all top-level keys. None where there is no readable main file; then nothing more can be said."""
    directory, faults = findings.directory, findings.faults
    try:
        names = sorted(entry.name for entry in directory.iterdir())
    except FileNotFoundError:
        message = f"there is no directory {directory}; `-c DIR` names another one, `maild init DIR` makes a desk"
        faults.add(Place(directory / MAIN_FILE, 1, 1), "E100", message)
        return None
    except OSError as error:
        faults.add(Place(directory / MAIN_FILE, 1, 1), "E100", f"the directory cannot be read: {error.strerror}")
        return None
    _warn_of_strays(directory, names, faults)
    parts = [(PART_FILES[name], directory / name) for name in names if name in PART_FILES]
    main = _read_main(directory / MAIN_FILE, names, faults)
    entries = [_read_part(key, file, main, findings) for key, file in parts]
    return replace(main, entries=(*main.entries, *filter(None, entries))) if main else None


def _warn_of_strays(directory: Path, names: list[str], faults: Faults) -> None:
    """A slip in a file's name must not silently switch off what it holds."""
    known = (MAIN_FILE, *PART_FILES)
    for name in names:
        if name.endswith((".yaml", ".yml")) and name not in known and (hint := did_you_mean(name, known)):
            faults.add(Place(directory / name, 1, 1), "W307", f"this file is not read{hint}")


def parse_main(raw: bytes, findings: Findings) -> Table | None:
    """The tree of a `maild.yaml` already at hand."""
    file = findings.directory / MAIN_FILE
    return _main_table(parse_yaml(raw, file, findings.faults), file, findings.faults)


def _read_main(file: Path, names: list[str], faults: Faults) -> Table | None:
    if file.name not in names:
        faults.add(Place(file, 1, 1), "E100", f"there is no {MAIN_FILE} here; `maild init DIR` writes one")
        return None
    return _main_table(read_yaml(file, faults), file, faults)


def _main_table(node: Node | None, file: Path, faults: Faults) -> Table | None:
    if node is not None and not isinstance(node, Table):
        faults.add(node.place, "E300", f"{MAIN_FILE} must be a table of keys such as desk, queues and agents")
    return Table(node.head, node.entries) if isinstance(node, Table) else None


def _read_part(key: str, file: Path, main: Table | None, findings: Findings) -> Entry | None:
    """One file's key and what it holds. Given in the main file too, it is a fault that names both."""
    node = read_yaml(file, findings.faults)
    place = node.head if isinstance(node, Table) else Place(file, 1, 1)
    first = main.key(key) if main else None
    if first:
        message = f'"{key}" stands in {first.place.file.name} too (line {first.place.line}); write it in one of them'
        findings.faults.add(place, "E107", message)
        return None
    if node is None:
        findings.unread.add(key)
        node = Table(place, ())
    return Entry(Scalar(place, key, key, quoted=False), _unwrapped(node, key))


def _unwrapped(node: Node, key: str) -> Node:
    """A file may repeat its key at the top (`queues:` in queues.yaml), as it would stand in maild.yaml."""
    inner = node.get(key) if isinstance(node, Table) and len(node.entries) == 1 else None
    return node if inner is None else inner
