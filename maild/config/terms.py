"""Readers of maild's own terms: ports and hosts, prefixes and folders, whose address this is, which agent is meant."""

import re
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from maild.config.findings import BAD, Bad, Claim, Reader, Reading, Reference
from maild.config.nodes import Node
from maild.config.readers import address, choice, duration, either, mapped, matching, number, one_of, one_or_more, rate, text, word_or
from maild.config.records import record, required
from maild.config.settings import After, Rate, Sort, SortKey

RESERVED_NAMES = ("me", "none", "anybody", "owner", "lead", "agents", "admins", "sender")
"""Words that mean somebody else where an agent's or a team's name may stand: `owner:me`, `notify: {who: [lead]}`."""
WORDS_OF_QUERIES = ("snoozed", "overdue")
"""Words that filter by themselves in a query, where a view's name may stand."""

port = number(1, 65_535)
security = choice("tls", "starttls", "none")
host = matching(re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]{0,252})|[0-9A-Fa-f:.]{2,45}"), "E314", "a host name or an IP address")
subject_prefix = matching(re.compile(r"[^\[\]#\s](?:[^\[\]#]{0,28}[^\[\]#\s])?"), "E302", 'at most 30 characters without "[", "]" and "#"')
database_url = matching(
    re.compile(r"sqlite:///.+|postgresql(?:\+psycopg)?://.+"), "E312", "sqlite:///FILE or postgresql+psycopg://HOST/DATABASE"
)
_FILTER_URL = re.compile(r"https?://(?:[0-9A-Za-z][0-9A-Za-z.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?(?:/[0-9A-Za-z._~/-]*)?")
quiet_hours = matching(re.compile(r"[0-2]?\d:[0-5]\d\s?-\s?[0-2]?\d:[0-5]\d"), "E315", 'hours such as "19:00-07:30"')
listener = matching(re.compile(r"\S{1,255}:\d{1,5}|/\S{1,100}"), "E316", "an address and port such as 127.0.0.1:9180")
never_or_duration = word_or("never", None, duration)
start = word_or("all", None, word_or("now", timedelta(0), duration))
rate_or_off: Reader[Rate | None] = word_or("off", None, rate)


def filter_url(node: Node, reading: Reading) -> str | Bad:
    """Where a filter listens. A bad one is not repeated: people write passwords into URLs."""
    found = text(node, reading)
    if found is BAD or (_FILTER_URL.fullmatch(found) and _is_url(found)):
        return found
    return reading.refuse(
        node.place, "E312", f'"{reading.name}" must be a URL such as http://127.0.0.1:11333, without a name or a password'
    )


def _is_url(written: str) -> bool:
    """Ports end at 65535, and not all that looks like an address of IPv6 is one."""
    try:
        return urlsplit(written).port != 0
    except ValueError:
        return False


def rates_or_off(node: Node, reading: Reading) -> tuple[Rate, ...] | Bad:
    """One rate, a list of them, or `off`, which is none."""
    return word_or("off", (), one_or_more(rate))(node, reading)


def _act(word: str) -> After:
    return After("delete") if word == "delete" else After("keep")


def _move(move: str) -> After:
    return After("move", move)


after: Reader[After] = either(
    mapped(choice("keep", "delete", wanted="keep, delete or {move: FOLDER}"), _act), record(_move, required("move", text))
)


def _sort(word: str) -> Sort:
    return Sort(SortKey(word.removeprefix("-")), word.startswith("-"))


_KEYS = tuple(key.value for key in SortKey)
sort: Reader[Sort] = mapped(choice(*_KEYS, *(f"-{key}" for key in _KEYS), wanted=f"{one_of(_KEYS)}, or that with a minus before it"), _sort)


def owned_address(kind: Literal["queue", "agent", "admin", "control"]) -> Reader[str]:
    """Somebody's address. Whether two own the same one is judged when all are known."""

    def read(node: Node, reading: Reading) -> str | Bad:
        found = address(node, reading)
        if found is not BAD:
            owner = reading.path[1] if len(reading.path) > 2 else ""
            reading.findings.claims.append(Claim(kind, owner, found, node.place))
        return found

    return read


def name_of(kind: Literal["agent", "queue", "mailbox", "calendar"]) -> Reader[str]:
    """The name of something that stands elsewhere. Whether it does is judged when all are known."""

    def read(node: Node, reading: Reading) -> str | Bad:
        found = text(node, reading)
        if found is not BAD:
            reading.findings.references.append(Reference(kind, found, node.place))
        return found

    return read


department_address, agent_address, admin_address = owned_address("queue"), owned_address("agent"), owned_address("admin")
control_address = owned_address("control")
agent_name = name_of("agent")
queue_name = name_of("queue")
mailbox_owner = name_of("mailbox")
calendar_name = name_of("calendar")
