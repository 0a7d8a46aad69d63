"""Load: a desk's directory → `Settings`, as a chain of passes: read the files, inherit, read the keys, check, settle.

All faults of all passes are collected; with one error among them there are no settings.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from maild.config.checks import has_judges, run_checks, shared_mailbox
from maild.config.faults import Fault, Faults
from maild.config.files import parse_main, read_files
from maild.config.findings import Findings, FoundSecret
from maild.config.inherit import inherit
from maild.config.nodes import Table
from maild.config.readers import is_null
from maild.config.report import describe_counts
from maild.config.schema import read_desk
from maild.config.secret import check_permissions, check_revealable
from maild.config.settings import Desk, Settings, Storage
from maild.config.written import Written
from maild.errors import ConfigurationError

MIN_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a load. `settings` None: among the faults is an error. `storage` is even then where the database most likely is."""

    settings: Settings | None
    faults: tuple[Fault, ...]
    secrets: tuple[FoundSecret, ...] = ()
    storage: Storage = field(default_factory=Storage)


def require_settings(directory: Path) -> Settings:
    """The settings.

    Raises:
        ConfigurationError: there is an error in the files; it carries all faults.
    """
    loaded = load_settings(directory)
    if loaded.settings is None:
        detail = f"the configuration in {directory} is not valid: {describe_counts(loaded.faults)}"
        raise ConfigurationError(detail, loaded.faults)
    return loaded.settings


def load_settings(directory: Path) -> Loaded:
    """The settings and every fault, warnings included. Never raises, whatever the files hold."""
    findings = Findings(directory)
    return _load_tree(read_files(findings), findings)


def load_text(raw: bytes, directory: Path) -> Loaded:
    """Like `load_settings`, for a `maild.yaml` that is not written yet."""
    findings = Findings(directory)
    return _load_tree(parse_main(raw, findings), findings)


def _load_tree(root: Table | None, findings: Findings) -> Loaded:
    if root is None:
        return Loaded(None, findings.faults.sorted())
    root = inherit(root)
    written = _with_proof(read_desk(root, findings), root)
    run_checks(written, root, findings)
    for secret in findings.secrets:
        check_permissions(secret, findings.faults)
    is_valid = not findings.faults.errors
    settings = _settle(findings.directory, written, written.desk) if is_valid and written.desk else None
    return Loaded(settings, findings.faults.sorted(), tuple(findings.secrets), written.storage)


def _with_proof(written: Written, root: Table) -> Written:
    """MAIL.md A3: where a provider judges the senders in each mailbox, agents are proved twice, unless the files say otherwise."""
    trust = root.get("trust")
    chosen = trust.get("agent_auth") if isinstance(trust, Table) else None
    if (chosen is None or is_null(chosen)) and has_judges(written):
        return replace(written, trust=replace(written.trust, agent_auth="token+dmarc"))
    return written


def _settle(directory: Path, written: Written, desk: Desk) -> Settings:
    """The settings of files without an error: each queue is told the mailbox that serves it in the end."""
    return Settings(
        directory=directory,
        desk=desk,
        storage=written.storage,
        smtp=written.smtp,
        trust=written.trust,
        mailboxes={key: queue.mailbox for key, queue in written.queues.items() if queue.mailbox},
        queues={key: replace(queue.queue, mailbox=shared_mailbox(written, key) or key) for key, queue in written.queues.items()},
        agents=written.agents,
        teams=written.teams,
        calendars=written.calendars,
        views=written.views,
        outbox=written.outbox,
        limits=written.limits,
        spam=written.spam,
        retention=written.retention,
        own_lists=frozenset(address.casefold() for address in written.own_lists),
        forms=frozenset(address.casefold() for address in written.forms),
        trusted_automation=frozenset(written.trusted_automation),
    )


def check_secrets(loaded: Loaded) -> tuple[Fault, ...]:
    """What is wrong with the secrets themselves: those that cannot be had here and now, and a key file without a good key."""
    faults = Faults()
    for secret in loaded.secrets:
        check_revealable(secret, faults)
    keys = next((secret for secret in loaded.secrets if secret.name == "desk.secret"), None)
    if loaded.settings and keys and not any(fault.place == keys.place for fault in faults.sorted()):
        try:
            load_keys(loaded.settings)
        except ConfigurationError as error:
            faults.add(keys.place, "E324", str(error))
    return faults.sorted()


def load_keys(settings: Settings) -> tuple[bytes, ...]:
    """The keys of all tokens, newest first: one a line, each at least 32 printable characters, empty lines left out.

    Raises:
        ConfigurationError: the secret cannot be read, or holds a line that is no key, or none at all.
    """
    secret = settings.desk.secret
    found = [line.removesuffix("\r") for line in secret.reveal().split("\n")]
    for number, line in enumerate(found, 1):
        if line and (len(line) < MIN_KEY_LENGTH or not line.isprintable()):
            what = f"line {number} is no key: a key is at least {MIN_KEY_LENGTH} printable characters"
            raise ConfigurationError(f"the desk's secret {secret.describe()} is not usable: {what}")
    keys = tuple(line.encode() for line in found if line)
    if not keys:
        raise ConfigurationError(f"the desk's secret {secret.describe()} holds no key; `maild init` writes one")
    return keys
