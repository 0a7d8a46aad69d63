"""Secrets in the files: where they stand, whether others may read them, whether they can be had. Never shows one."""

from pathlib import Path

from maild.config.faults import Faults
from maild.config.findings import BAD, Bad, FoundSecret, Reading
from maild.config.nodes import Node, Table
from maild.config.readers import flag, text
from maild.config.records import optional, table_with
from maild.errors import ConfigurationError
from maild.secret import Secret

READABLE_BY_OTHERS = 0o004
ORIGINS = ("env", "file", "command", "credential")
_elsewhere = table_with(*(optional(origin, text) for origin in ORIGINS), optional("insecure_permissions", flag))


def secret(node: Node, reading: Reading) -> Secret | Bad:
    """`{env: NAME}`, `{file: PATH}`, `{command: "…"}`, `{credential: NAME}`, or the secret itself."""
    if isinstance(node, Table):
        return _read_elsewhere(node, reading)
    plain = text(node, reading)
    if plain is BAD:
        return BAD
    return _keep(FoundSecret(Secret("plain", plain), reading.where, node.place), reading)


def _read_elsewhere(table: Table, reading: Reading) -> Secret | Bad:
    found = _elsewhere(table, reading)
    if found is BAD:
        return BAD
    given = [entry.key.text for entry in table.entries if entry.key.text in ORIGINS]
    if not given and table.entries:
        return BAD
    if len(given) != 1:
        return reading.refuse(table.place, "E110", f'"{reading.name}" needs exactly one of env, file, command and credential')
    if given[0] not in found:
        return BAD
    lenient = bool(found.get("insecure_permissions", False))
    match given[0]:
        case "env" | "file" | "command" | "credential" as origin:
            value = Secret(origin, str(found[origin]), reading.findings.directory)
            return _keep(FoundSecret(value, reading.where, table.place, lenient), reading)
    return BAD


def _keep(found: FoundSecret, reading: Reading) -> Secret:
    """Note it for the checks below; one inherited from `imap:` or `smtp:` is noted once."""
    if all(found.place != known.place for known in reading.findings.secrets):
        reading.findings.secrets.append(found)
    return found.secret


def check_permissions(found: FoundSecret, faults: Faults) -> None:
    """A secret that others may read is warned about: its own file, or a configuration file that holds it plain (OPERATIONS C5)."""
    if found.secret.origin == "plain" and _is_open(found.place.file):
        faults.add(
            found.place, "W302", f'"{found.name}" stands in a file others may read; chmod o-r it, or use {{file: PATH}} or {{env: NAME}}'
        )
    if found.secret.origin == "file" and not found.lenient and _is_open(found.secret.directory / found.secret.value):
        faults.add(found.place, "W322", f'others may read the file "{found.secret.value}"; chmod o-r it, or set insecure_permissions: true')


def _is_open(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & READABLE_BY_OTHERS)
    except OSError:
        return False


def check_revealable(found: FoundSecret, faults: Faults) -> None:
    """Whether the secret can be had right now. The service's own environment is not ours, so what it gives is only warned about."""
    try:
        revealed = found.secret.reveal()
    except ConfigurationError as error:
        code = "W323" if found.secret.origin in ("env", "credential") else "E323"
        faults.add(found.place, code, str(error))
    else:
        if not revealed:
            faults.add(found.place, "E323", f"the secret {found.secret.describe()} is empty")
