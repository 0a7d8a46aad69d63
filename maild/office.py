"""The office: all that decisions and letters rest on beside the mail itself, loaded from a desk's folder and swapped as one at a reload."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from maild.canned.load import load_shelf
from maild.canned.shelf import Shelf
from maild.config.faults import Fault, Severity
from maild.config.key_ring import tokens_of
from maild.config.report import describe_counts
from maild.config.settings import Settings
from maild.errors import ConfigurationError
from maild.outbox.compose import Composer
from maild.pipeline import Desk
from maild.rules.handed import find_handed
from maild.rules.load import load_rules
from maild.rules.ruleset import NO_RULES
from maild.templates.checking import check_templates
from maild.templates.render import Templates
from maild.templates.values import Handed


@dataclass(frozen=True, slots=True)
class Office:
    """The desk for decisions, and the composer that writes its letters."""

    desk: Desk
    composer: Composer


def open_office(settings: Settings) -> Office:
    """Everything a running desk needs, valid as a whole.

    Raises:
        ConfigurationError: rules, templates or canned answers have faults, or the secret cannot be read.
    """
    desk = load_desk(settings)
    return _furnish(desk, find_handed(desk.rules.rules, settings.directory))


def open_front_office(settings: Settings) -> tuple[Office, tuple[Fault, ...]]:
    """For what agents do: broken rule files do not stand in its way, and then none run. Their faults; none where they are sound.

    Raises:
        ConfigurationError: templates or canned answers have faults, or the secret cannot be read.
    """
    loaded = load_rules(settings.directory, settings)
    desk = Desk(settings, loaded.rules or NO_RULES, tokens_of(settings), _open_shelf(settings))
    if loaded.rules is None:
        return _furnish(desk, None), loaded.faults
    return _furnish(desk, find_handed(loaded.rules.rules, settings.directory)), ()


def _furnish(desk: Desk, handed: Sequence[Handed] | None) -> Office:
    """`handed`: what the rules give templates; None where broken rules leave that unknown."""
    _require_valid("templates", check_templates(desk.settings, handed), desk.settings)
    return Office(desk, Composer(desk.settings, desk.tokens, Templates(desk.settings)))


def load_desk(settings: Settings) -> Desk:
    """Settings, rules, tokens and canned answers. Raises ConfigurationError where the rules or the answers have faults."""
    loaded = load_rules(settings.directory, settings)
    _require_valid("rules", loaded.faults, settings)
    return Desk(settings, loaded.rules or NO_RULES, tokens_of(settings), _open_shelf(settings))


def _open_shelf(settings: Settings) -> Shelf:
    loaded = load_shelf(settings)
    _require_valid("canned answers", loaded.faults, settings)
    return loaded.shelf


def _require_valid(what: str, faults: tuple[Fault, ...], settings: Settings) -> None:
    if any(fault.severity is Severity.ERROR for fault in faults):
        raise ConfigurationError(f"the {what} in {settings.directory} are not valid: {describe_counts(faults)}", faults)


def with_added(office: Office, added: Mapping[str, tuple[str, ...]]) -> Office:
    """The same office, whose agents have these addresses, too (MAIL.md A4); the same one where they have them already."""
    settings = office.desk.settings.with_added(added)
    if settings is office.desk.settings:
        return office
    return Office(replace(office.desk, settings=settings), office.composer.with_settings(settings))


def with_keys(office: Office, keys: tuple[bytes, ...]) -> Office:
    """The same office, which signs with the first of these keys and knows what any of them has signed."""
    tokens = tokens_of(office.desk.settings, keys)
    return Office(replace(office.desk, tokens=tokens), office.composer.with_tokens(tokens))
