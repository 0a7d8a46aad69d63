"""Rules that are paused because they would have sent too much (RULES.md 5.5), for whoever looks at the desk or at its rules."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import tzinfo

from maild.background import Pause
from maild.config.settings import Settings
from maild.errors import MaildError
from maild.finding import Finding
from maild.moments import show_moment
from maild.store import rule_mail
from maild.store.engine import open_store


def find_pauses(settings: Settings) -> Mapping[str, Pause]:
    """By rule. None where there is no database, or where it cannot be asked."""
    try:
        with closing(open_store(settings.storage.url, settings.directory, create=False)) as store, store.reading() as tx:
            return {pause.rule: pause for pause in rule_mail.list_pauses(tx)}
    except MaildError:
        return {}


def describe_pause(pause: Pause, zone: tzinfo) -> str:
    return f"rule {pause.rule} is paused since {show_moment(pause.since, zone)}: it would have sent {pause.why}"


def remedy_of(pause: Pause) -> str:
    return f"maild rules enable {pause.rule}"


def check_pauses(settings: Settings) -> Iterator[Finding]:
    for pause in find_pauses(settings).values():
        yield Finding("warn", describe_pause(pause, settings.desk.timezone), remedy_of(pause))
