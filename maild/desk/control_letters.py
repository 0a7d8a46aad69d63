"""Letters that answer what an agent asks the desk itself (MAIL.md A3, A7): to his registered address only. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from maild.canned.shelf import Shelf
from maild.config.settings import Agent, Settings
from maild.desk.absence import describe_absence
from maild.desk.agent_letters import customers_message, mark_inside, notification
from maild.desk.answered import Answered
from maild.desk.canned import describe_languages, describe_usage
from maild.desk.command import HASHES, CommandFault, describe_faults
from maild.desk.files import Parcel, describe_files
from maild.desk.glimpses import clock
from maild.desk.manual import Usage, usages
from maild.desk.saved_queries import views_of
from maild.desk.task_letters import list_lines
from maild.desk.when import describe_moment
from maild.effects import Letter
from maild.known import Absence, Earlier, ListedTicket, Listing, StoredFile
from maild.message import Address
from maild.outbox.hygiene import fold_note, one_line
from maild.task import ListedTask
from maild.ticket import TicketView
from maild.tokens import LetterKind

MOST_OF_SUBJECT = 100
MOST_TASKS = 200
MOST_SAID = 60_000
"""Characters of a conversation that a letter holds."""
_AGES = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"))


@dataclass(frozen=True, slots=True)
class Face:
    """Whom a letter answers, under which department's name, and what he has asked. `answers`: the id of his mail, None where it is sent
    beside another letter."""

    agent: Agent
    queue: str
    asked: str
    settings: Settings
    answers: str | None = None


def listing(face: Face, listing: Listing, now: datetime) -> Letter:
    """PRODUCT 17: the tickets that meet a query, each with a link that asks for it whole."""
    lines = tuple(_line(ticket, face, now) for ticket in listing.tickets)
    return _letter(face, outcome="listing", listed=lines, count=listing.total)


def nothing_waits(face: Face) -> Letter:
    """The answer to `next` where every ticket has its owner."""
    return _letter(face, outcome="nothing")


def away(face: Face, absence: Absence) -> Letter:
    """PRODUCT 12: until when, by his own clock, and who stands in."""
    return _letter(face, outcome="away", absence=_describe_absence(absence, face))


def back(face: Face) -> Letter:
    """He is told of everything again."""
    return _letter(face, outcome="back")


def added(face: Face, address: str) -> Letter:
    """MAIL.md A4: an address is his, too, from now on."""
    return _letter(face, outcome="added", sender=one_line(address))


def absent(face: Face, absence: Absence) -> Letter:
    """A colleague to whom he has given a ticket is away."""
    owner = face.settings.agents[absence.agent]
    return _letter(face, outcome="absent", absent=owner.name, absence=_describe_absence(absence, face))


def absent_helper(face: Face, absence: Absence) -> Letter:
    """A colleague to whom he has given a task is away."""
    helper = face.settings.agents[absence.agent]
    return _letter(face, outcome="absent_helper", absent=helper.name, absence=_describe_absence(absence, face))


def tasks(face: Face, listed: Sequence[ListedTask], now: datetime) -> Letter:
    """PRODUCT 20: all he is to do, each with a link that asks for its ticket."""
    lines = tuple(
        {**line, "link": _ask_link(f"show {line['ticket']}", face)}
        for line in list_lines(listed[:MOST_TASKS], face.agent, now, face.settings)
    )
    return _letter(face, outcome="tasks", todo=lines, count=len(listed))


def canned(face: Face, shelf: Shelf) -> Letter:
    """PRODUCT 22: every canned answer, how its line is written, and how it begins in the desk's language."""
    rows = []
    for name in shelf.names():
        shown = shelf.show(name, face.settings.language_of(face.queue, None))
        rows.append({"usage": describe_usage(shown), "languages": describe_languages(shelf, name), "begins": _beginning(shown.first_line)})
    return _letter(face, outcome="canned", canned=tuple(rows))


def commands(face: Face) -> Letter:
    """Every command there is, and the views he sees (PRODUCT 17); those of a kind stand together."""
    views = tuple(Usage(f"list {view.key}", view.about or view.query) for view in views_of(face.agent.key, face.settings).values())
    groups = (group for group in (*usages(), views) if group)
    rows = ({"usage": usage.written, "does": usage.does, "begins": usage is group[0]} for group in groups for usage in group)
    return _letter(face, outcome="help", commands=tuple(rows))


def not_done(face: Face, faults: Iterable[CommandFault], offer: str = "") -> Letter:
    """What was asked makes no sense. Counts against the caps (L4): whoever answers it by a machine decides how many there would be.

    `offer`: what was probably meant, which `yes` gets.
    """
    lines = tuple(line.lstrip(HASHES) for line in offer.splitlines())
    return replace(_letter(face, automatic=True, why=describe_faults(faults), offer=lines), offer="\n".join(lines) or None)


def notified(agent: Agent, ticket: TicketView, answered: Answered, settings: Settings, absence: Absence | None) -> Letter:
    """A notification of what the customer wrote last, to be answered like one (MAIL.md A6, O7). `absence`: the reader's."""
    warnings = (f"{describe_absence(absence, settings)}, as you have said. The word back ends that.",) if absence else ()
    return notification(agent, ticket, customers_message(ticket, answered), warnings, settings)


def shown(
    told: Letter,
    ticket: TicketView,
    agent: Agent,
    answered: Answered,
    conversation: Sequence[Earlier],
    files: Iterable[StoredFile],
    settings: Settings,
) -> Letter:
    """A ticket with all that was said on it, the newest first, below its notification, and with the names of its files."""
    said = tuple(_said(past, ticket, agent, settings) for past in _within(_without_last(conversation, answered), MOST_SAID))
    return replace(told, template="shown", values={**told.values, "said": said, "files": describe_files(files)})


def with_files(told: Letter, parcel: Parcel) -> Letter:
    """A ticket's notification once more, with its files."""
    return replace(told, enclosed=parcel.files, left_out=parcel.left_out)


def no_files(face: Face, ticket: int) -> Letter:
    """The answer to `files` where a ticket has none."""
    return _letter(face, outcome="no_files", count=ticket)


def _without_last(conversation: Sequence[Earlier], answered: Answered) -> tuple[Earlier, ...]:
    """What the customer wrote last stands above already."""
    last = next((past for past in conversation if not past.is_note and past.words and answered.text.startswith(past.words)), None)
    return tuple(past for past in conversation if past is not last)


def _within(conversation: Iterable[Earlier], most: int) -> Iterator[Earlier]:
    """The newest messages, up to so many characters; a mark stands where one is cut."""
    for past in conversation:
        if most <= 0:
            return
        cut = past.words if len(past.words) <= most else f"{past.words[:most].rstrip()}\n[…]"
        most -= len(past.words)
        yield replace(past, words=cut)


def _said(past: Earlier, ticket: TicketView, agent: Agent, settings: Settings) -> dict[str, str]:
    """Notes are told apart, and folded, so that no answer between the lines takes one along."""
    inside = mark_inside(past, ticket)
    words = "\n".join(map(fold_note, past.words.splitlines())) if inside else past.words
    return {"head": f"{clock(past.at, agent, settings)} {inside}{one_line(past.author)}:", "words": words.strip("\n")}


def _letter(face: Face, *, automatic: bool = False, **values: object) -> Letter:
    """It carries a token of no ticket, so that a reply to it may ask more."""
    return Letter(
        kind=LetterKind.NOTIFICATION,
        template="control",
        queue=face.queue,
        recipients=(Address(face.agent.name, face.agent.email),),
        agent=face.agent.key,
        languages=face.settings.language_of(face.queue, face.settings.desk.language),
        in_reply_to=face.answers,
        references=(face.answers,) if face.answers else (),
        values={"asked": one_line(face.asked), **values},
        automatic=automatic,
        internal=True,
    )


def _line(ticket: ListedTicket, face: Face, now: datetime) -> dict[str, object]:
    owner = face.settings.agents.get(ticket.owner or "")
    subject = one_line(ticket.subject)
    return {
        "number": ticket.number,
        "status": ticket.status.value,
        "age": describe_age(now - ticket.created),
        "owner": owner.name if owner else ticket.owner or "",
        "requester": one_line(ticket.requester.name or ticket.requester.address),
        "subject": _beginning(subject),
        "link": _ask_link(f"show {ticket.number}", face),
    }


def _beginning(line: str) -> str:
    return line if len(line) <= MOST_OF_SUBJECT else f"{line[:MOST_OF_SUBJECT].rstrip()}…"


def _describe_absence(absence: Absence, face: Face) -> dict[str, str]:
    deputy = face.settings.agents.get(absence.deputy or "")
    zone = face.settings.zone_of(face.agent.key)
    return {"until": describe_moment(absence.until, zone) if absence.until else "", "deputy": deputy.name if deputy else ""}


def describe_age(age: timedelta) -> str:
    """`3d`, `5h`, `12m`: in the largest unit that is not larger, as queries write it."""
    unit, name = next(((unit, name) for unit, name in _AGES if age >= unit), _AGES[-1])
    return f"{max(age, timedelta()) // unit}{name}"


def _ask_link(asked: str, face: Face) -> str:
    """A link that begins a mail which asks the desk something (RFC 6068)."""
    address = face.settings.desk.control or face.settings.queues[face.queue].address
    return f"mailto:{quote(address, safe='@')}?subject={quote(asked, safe='')}"
