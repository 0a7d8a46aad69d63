"""The office: all that decisions and letters rest on beside the mail itself, loaded from a desk's folder and swapped as one at a reload."""

from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True)
class Office:
    """The desk for decisions, and the composer that writes its letters."""

    desk: Desk
    composer: Composer


def open_office(settings: Settings) -> Office:
    """Everything a running desk needs, valid as a whole.

    Raises:
        ConfigurationError: rules or templates have faults, or the secret cannot be read.
    """
    desk = load_desk(settings)
    handed = find_handed(desk.rules.rules, settings.directory)
    _require_valid("templates", check_templates(settings, handed), settings)
    return Office(desk, Composer(settings, desk.tokens, Templates(settings)))


def load_desk(settings: Settings) -> Desk:
    """Settings, rules and tokens. Raises ConfigurationError where the rules have faults."""
    loaded = load_rules(settings.directory, settings)
    _require_valid("rules", loaded.faults, settings)
    return Desk(settings, loaded.rules or NO_RULES, tokens_of(settings))


def _require_valid(what: str, faults: tuple[Fault, ...], settings: Settings) -> None:
    if any(fault.severity is Severity.ERROR for fault in faults):
        raise ConfigurationError(f"the {what} in {settings.directory} are not valid: {describe_counts(faults)}", faults)


def with_keys(office: Office, keys: tuple[bytes, ...]) -> Office:
    """The same office, which signs with the first of these keys and knows what any of them has signed."""
    settings = office.desk.settings
    tokens = tokens_of(settings, keys)
    return Office(replace(office.desk, tokens=tokens), Composer(settings, tokens, Templates(settings)))
