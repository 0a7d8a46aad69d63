"""The query language of `ticket list` (INTERFACE.md): `status:open queue:support owner:me #payment refund`. Pure: text → filters."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import islice

from maild.config.faults import did_you_mean, find_nearest
from maild.config.settings import Sort, View
from maild.desk.ticket_tags import find_tag_problem, write_tag_word
from maild.errors import UsageError
from maild.ticket import Priority, Status, Tier


class Field(Enum):
    """What a ticket can be filtered by."""

    STATUS = "status"
    QUEUE = "queue"
    OWNER = "owner"
    PRIORITY = "priority"
    TIER = "tier"
    TAG = "tag"
    REQUESTER = "from"
    CREATED_SINCE = "created since"
    CREATED_BEFORE = "created before"
    UPDATED_SINCE = "updated since"
    UPDATED_BEFORE = "updated before"
    SNOOZED = "snoozed"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; `value` None: the field is empty. REQUESTER takes an address or `@domain`; times take moments; SNOOZED is true as it
    stands.

    WORDS takes words, and phrases in double quotes.
    """

    field: Field
    value: str | datetime | None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Which tickets, and in which order; without `sort` in that of whoever asks for them."""

    filters: tuple[Filter, ...] = ()
    sort: tuple[Sort, ...] = ()


MOST_TERMS = 100
"""Nobody writes more, and a database refuses statements of a thousand conditions."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_TERM = re.compile(r'(?:[^\s"]|"[^"]*")+')
_AGE = re.compile(r"(\d{1,5})([mhdw])")
_FIELD_NAME = re.compile(r"[^\W\d_][\w-]+")
_BEHIND_NO_FIELD = ("/", "\\", ":")
"""`http://…`, `file:\\…` and `std::vector` have no field in front."""
_NOT_YET = frozenset({"overdue", "team"})
ANYBODY = "me"
"""Stands for whoever will ask, where a query is judged before anybody does. No agent can have this name."""


def parse_query(text: str, me: str | None, now: datetime, views: Mapping[str, View] | None = None) -> tuple[Filter, ...]:
    """The filters of a query; `me` is who asks, for `owner:me`. `views` are those he sees: the name of one may be all of a query.
    None: it is the query of a view itself, which holds no other, so that none can hold itself.

    Raises:
        UsageError: a term makes no sense, or there are too many; the message says which and what would.
    """
    if text.count('"') % 2:
        raise UsageError(f"the query has an open quotation mark: {text}")
    if view := find_view(text, views or {}):
        return parse_query(view.query, me, now)
    read = (found for term in _terms(text) for found in _read_term(term, me, now, views))
    filters = tuple(islice(read, MOST_TERMS + 1))
    if len(filters) > MOST_TERMS:
        raise UsageError(f"a query has {MOST_TERMS} terms at most, those of its views among them")
    return filters


def _terms(text: str) -> Iterator[str]:
    return (match[0] for match in _TERM.finditer(text))


def read_query(text: str, me: str | None, now: datetime, views: Mapping[str, View]) -> Query:
    """As `parse_query`, with the order of the view that is all of it, or the first part of it that has one."""
    filters = parse_query(text, me, now, views)
    named = (find_view(name, views) for name in (text, *_views_in(text)))
    return Query(filters, next((view.sort for view in named if view and view.sort), ()))


def _views_in(text: str) -> Iterator[str]:
    """The names behind `view:`."""
    for term in _terms(text):
        name, _, value = term.partition(":")
        if name.casefold() == "view":
            yield value.replace('"', "")


def find_view(name: str, views: Mapping[str, View]) -> View | None:
    """The view of this name, in whatever case it is written."""
    written = name.strip()
    return views.get(written) or next((view for key, view in views.items() if key.casefold() == written.casefold()), None)


def find_problem(query: str, queues: Iterable[str], agents: Iterable[str], now: datetime) -> str | None:
    """What is wrong with the query of a view, whoever asks for it."""
    try:
        return find_stranger(parse_query(query, ANYBODY, now), queues, (*agents, ANYBODY))
    except UsageError as error:
        return str(error)


def find_stranger(filters: Iterable[Filter], queues: Iterable[str], agents: Iterable[str]) -> str | None:
    """What is wrong with a query that found nothing: a department or an agent nobody knows. Tickets may still name one of former days."""
    known = {Field.QUEUE: ("queue", tuple(queues)), Field.OWNER: ("agent", tuple(agents))}
    for item in filters:
        noun, names = known.get(item.field, ("", ()))
        if noun and isinstance(item.value, str) and item.value not in names:
            return f'there is no {noun} "{item.value}"{did_you_mean(item.value, names)}'
    return None


def _read_term(term: str, me: str | None, now: datetime, views: Mapping[str, View] | None) -> tuple[Filter, ...]:
    """One filter, or with `view:NAME` all of that view's."""
    name, _, value = term.partition(":")
    if name.casefold() == "view" and value:
        return _view(value.replace('"', ""), me, now, views)
    if name.casefold() == "-view" and value:
        raise UsageError(f'"{term}": a view cannot be negated')
    return (_term(term, me, now),)


def _view(name: str, me: str | None, now: datetime, views: Mapping[str, View] | None) -> tuple[Filter, ...]:
    if views is None:
        raise UsageError(f'"view:{name}": the query of a view holds no other view')
    view = find_view(name, views)
    if view is None:
        raise UsageError(f'there is no view "{name}"{did_you_mean(name, views)}')
    return parse_query(view.query, me, now)


def find_meant(text: str, queues: Iterable[str], agents: Iterable[str]) -> str:
    """The query that was probably meant by one that makes no sense or names nobody there is; "" where nobody can tell."""
    if text.count('"') % 2:
        return ""
    known = {
        "status": [status.value for status in Status],
        "priority": [priority.value for priority in Priority],
        "queue": list(queues),
        "owner": ["me", "none", *agents],
    }
    terms = tuple(islice(_terms(text), MOST_TERMS + 1))
    meant = [_find_meant_term(term, known) for term in terms] if len(terms) <= MOST_TERMS else [""]
    return " ".join(meant) if all(meant) else ""


def _find_meant_term(term: str, known: Mapping[str, Iterable[str]]) -> str:
    name, colon, value = term.partition(":")
    minus, name = ("-", name[1:]) if name.startswith("-") else ("", name)
    is_no_field = value.startswith(_BEHIND_NO_FIELD) or not _FIELD_NAME.fullmatch(name) or name.casefold() == "view"
    if not colon or not value or is_no_field:
        return term
    field = find_nearest(name, _FIELDS) or ""
    meant = find_nearest(value, known[field]) if field in known else value
    return f"{minus}{field}:{meant}" if field and meant else ""


def _term(term: str, me: str | None, now: datetime) -> Filter:
    negated = len(term) > 1 and term.startswith("-")
    term = term[1:] if negated else term
    if term.startswith("#") and len(term) > 1:
        return Filter(*_tag(term[1:]), negated)
    if term.casefold() == "snoozed":
        return Filter(Field.SNOOZED, None, negated)
    name, colon, value = term.partition(":")
    name, value = name.casefold(), value.replace('"', "")
    if term.casefold() in _NOT_YET or (colon and name in _NOT_YET):
        raise UsageError(f'"{term}" is not built yet')
    if name not in _FIELDS:
        _refuse_unknown_field(term, name, value)
    if not value or name not in _FIELDS:
        return Filter(Field.WORDS, term, negated)
    field, read = _FIELDS[name](value, me, now)
    return Filter(field, read, negated)


def _refuse_unknown_field(term: str, name: str, value: str) -> None:
    """A mistyped field must not find nothing, silently, as a word with a colon in it."""
    if value and not value.startswith(_BEHIND_NO_FIELD) and _FIELD_NAME.fullmatch(name):
        known = (*_FIELDS, "view")
        near, words = did_you_mean(name, known), term.replace('"', "")
        raise UsageError(f'there is no field "{name}"{near}; one of: {", ".join(known)}; to find the words put them in quotes: "{words}"')


_Read = tuple[Field, str | datetime | None]


def _status(value: str, me: str | None, now: datetime) -> _Read:
    return Field.STATUS, _one_of("status", value, [status.value for status in Status])


def _priority(value: str, me: str | None, now: datetime) -> _Read:
    return Field.PRIORITY, _one_of("priority", value, [priority.value for priority in Priority])


def _tier(value: str, me: str | None, now: datetime) -> _Read:
    return Field.TIER, _one_of("tier", value, [tier.value for tier in Tier])


def _one_of(name: str, value: str, known: list[str]) -> str:
    folded = {word.casefold(): word for word in known}
    if value.casefold() not in folded:
        raise UsageError(f'there is no {name} "{value}"; one of: {", ".join(known)}')
    return folded[value.casefold()]


def _owner(value: str, me: str | None, now: datetime) -> _Read:
    if value == "none":
        return Field.OWNER, None
    if value == "me" and me is None:
        raise UsageError('"owner:me" needs to know who you are: name an agent with --as')
    return Field.OWNER, me if value == "me" else value


def _tag(value: str) -> _Read:
    """What no ticket can bear must not find nothing, silently."""
    if problem := find_tag_problem(value):
        raise UsageError(problem)
    return Field.TAG, write_tag_word(value)


def _created(value: str, me: str | None, now: datetime) -> _Read:
    return _time(value, Field.CREATED_SINCE, Field.CREATED_BEFORE, now)


def _updated(value: str, me: str | None, now: datetime) -> _Read:
    return _time(value, Field.UPDATED_SINCE, Field.UPDATED_BEFORE, now)


def _time(value: str, since: Field, before: Field, now: datetime) -> _Read:
    """`<7d` is younger than seven days, `>2026-11-01` is later than that day began."""
    sign, rest = value[0], value[1:]
    if sign not in "<>":
        raise UsageError(f'"{value}" needs < or >, as in created:<7d or updated:>2026-11-01')
    is_age = _AGE.fullmatch(rest) is not None
    return (since if is_age == (sign == "<") else before), read_past(rest, now)


def read_past(text: str, now: datetime) -> datetime:
    """The moment so long ago, as `7d`, or when a day began, as `2026-11-01`, or as RFC 3339 writes it; UTC where no zone is named.

    Raises:
        UsageError: it is neither.
    """
    try:
        if match := _AGE.fullmatch(text):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f'"{text}" is neither an age such as 7d nor a date such as 2026-11-01') from error


_FIELDS: dict[str, Callable[[str, str | None, datetime], _Read]] = {
    "status": _status,
    "priority": _priority,
    "tier": _tier,
    "owner": _owner,
    "created": _created,
    "updated": _updated,
    "queue": lambda value, me, now: (Field.QUEUE, value),
    "from": lambda value, me, now: (Field.REQUESTER, value),
    "tag": lambda value, me, now: _tag(value.lstrip("#")),
}
