"""Rule files as they are written: read without asking what they mean, and written to.

What is written is tried together with all other rules, then takes a file's place as a whole or not at all.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from maild.config.faults import Faults, did_you_mean
from maild.config.nodes import Items, Node, Scalar, Table, read_yaml
from maild.config.settings import Settings
from maild.errors import ConfigurationError, NotFoundError, UsageError
from maild.rules.load import LoadedRules, RuleFile, load_rules


def read_written(path: Path) -> tuple[Node, ...]:
    """The files of a desk's directory, of a folder of rules, or the one file; in the order in which they are read.

    Raises:
        NotFoundError: there are none.
        ConfigurationError: one of them is no YAML.
    """
    folder = path / "rules" if (path / "rules").is_dir() else path
    files = sorted(file for file in folder.glob("*.yaml") if not file.name.startswith(".")) if folder.is_dir() else [folder]
    if not files:
        raise NotFoundError(f"there are no rule files in {path}")
    faults = Faults()
    nodes = [read_yaml(file, faults) for file in files]
    if faults.errors:
        raise ConfigurationError(f"{path} cannot be compared", faults.sorted())
    return tuple(node for node in nodes if node is not None)


def edit_rule(settings: Settings, rule: str, edit: Callable[[bytes], bytes]) -> Path:
    """Edit the file that holds a rule, and answer with its path.

    Raises:
        NotFoundError: no file has the rule.
        UsageError: it could not be edited so that all rules are valid. The file is left as it was.
    """
    name = _file_of(load_rules(settings.directory, settings), rule)
    path = settings.directory / name
    try:
        after = edit(path.read_bytes())
        _try(after, path, settings)
        replace_file(path, after)
    except OSError as error:
        raise UsageError(f"{path} was left as it is: {error.strerror}") from error
    return path


def _file_of(loaded: LoadedRules, rule: str) -> str:
    found = next((file.name for file in loaded.files if rule in _ids(file)), None)
    if found is None:
        known = [name for file in loaded.files for name in _ids(file)]
        raise NotFoundError(f'there is no rule "{rule}"{did_you_mean(rule, known)}')
    return found


def _ids(file: RuleFile) -> list[str]:
    rules = file.sections["rules"].value if "rules" in file.sections else None
    tables = (table for table in rules if isinstance(table, Table)) if isinstance(rules, Items) else ()
    return [named.text for table in tables if isinstance(named := table.get("id"), Scalar)]


def _try(raw: bytes, path: Path, settings: Settings) -> None:
    loaded = load_rules(settings.directory, settings, drafts={path.name: raw})
    if loaded.rules is None:
        errors = [fault for fault in loaded.faults if fault.code.startswith("E")]
        raise UsageError(f"{path} was left as it is, the rules would not be valid: {errors[0].describe(settings.directory)}")


def replace_file(path: Path, raw: bytes) -> None:
    """The whole file or none of it: readers find the old one or the new one, and it stays its owner's. A link stays one."""
    path = path.resolve()
    path.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            if os.geteuid() == 0 and path.exists():  # who reads it is not root
                os.fchown(file.fileno(), path.stat().st_uid, path.stat().st_gid)
            os.fsync(file.fileno())
        draft.chmod(path.stat().st_mode if path.exists() else 0o644)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
