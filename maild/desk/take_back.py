"""Taking an answer back while it waits in the outbox (`send_after`): which, who may, what becomes of it, who is told (MAIL.md A7). Pure.

`#undo` takes back what came last: an answer that waits, or a merge, a link or a split (`maild.desk.regroup`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from maild.config.settings import Agent, Settings
from maild.desk import returned_letters
from maild.desk.colleagues import tell_agents
from maild.desk.glimpses import Timed, describe_time
from maild.desk.regroup import Reach, find_undo_fault, restore
from maild.effects import AddMessage, Effect, RecordEvent, TakeBack
from maild.known import Earlier
from maild.message import Address
from maild.outbox.delivery import DeliveryState
from maild.outbox.guard import post
from maild.posted_answer import PostedAnswer, WaitingAnswer
from maild.regrouping import Regrouping, RegroupingKind
from maild.rules.spans import describe_span
from maild.ticket import MessageKind, TicketView

ANSWER = "answer"
UNDOABLE = (ANSWER, *(kind.value for kind in RegroupingKind))
"""What may stand behind `#undo`, to say what is meant."""
_WAYS = {
    DeliveryState.SENT: "was sent{at} to {whom}",
    DeliveryState.SENDING: "is being sent to {whom}",
    DeliveryState.UNKNOWN: "may have been sent to {whom}",
    DeliveryState.FAILED: "did not reach {whom}",
    DeliveryState.CANCELLED: "does not go to {whom}",
}
_ON_ITS_WAY = "is on its way to {whom}"


@dataclass(frozen=True, slots=True)
class NotUndone:
    """Why nothing is undone. `better`: what could be, as it stands behind `#undo`; "" where nothing could."""

    text: str
    better: str = ""


def tell_delay(delay: timedelta) -> RecordEvent:
    """The log is read by people in many zones, beside times in UTC."""
    return RecordEvent("held_back", "maild", f"for {describe_span(delay)}; until then #undo takes the answer back")


def tell_of_waiting(answers: Iterable[WaitingAnswer], now: datetime, settings: Settings) -> Iterator[Timed]:
    """What agents are told beside a customer's mail: an answer that he has not got yet."""
    for answer in answers:
        if answer.until > now:
            author = settings.agents.get(answer.author)
            waits = f"{author.name if author else answer.author}'s answer waits until "
            yield Timed(waits, answer.until, ". #undo takes it back before it goes out.", now)


def find_undoable(
    ticket: TicketView, reach: Reach, actor: str, settings: Settings, now: datetime, named: str = ""
) -> PostedAnswer | Regrouping | NotUndone:
    """What `#undo` takes back. `named`: only something of this kind (`UNDOABLE`); "": whatever came last, and before others' answers one's
    own."""
    last = reach.last
    if named in ("", ANSWER) and (answer := _find_answer(reach, actor, None if named else last)):
        return answer
    if named == ANSWER:
        return NotUndone(_describe_last(reach.posted, actor, settings, now) or f"nobody has answered on ticket {ticket.number}")
    if last and named and last.kind.value != named:
        return NotUndone(f"what was done last is the {last.kind.value} with {_others(last, ticket)}", last.kind.value)
    fault = find_undo_fault(ticket, last)
    since = () if named else tuple(posted for posted in reach.posted if last is None or (posted.delayed and posted.at >= last.at))
    if since or fault or last is None:
        return _not_undone(_describe_last(since, actor, settings, now), fault, last, ticket)
    return last


def _find_answer(reach: Reach, actor: str, since: Regrouping | None) -> PostedAnswer | None:
    """The last that can be taken back, and given after that."""
    can = (answer for answer in reach.posted if answer.can_be_taken_back and (since is None or answer.at >= since.at))
    may = [answer for answer in can if reach.leads or answer.author == actor]
    return next((answer for answer in may if answer.author == actor), may[0] if may else None)


def _not_undone(answered: str, fault: str, last: Regrouping | None, ticket: TicketView) -> NotUndone:
    """After an answer that is out of reach, what came before it is undone only if that is what is meant."""
    if not answered or last is None or fault:
        return NotUndone("; ".join(filter(None, (answered, fault))))
    kind = last.kind.value
    return NotUndone(f"{answered}; what can be undone is the {kind} with {_others(last, ticket)}: write #undo {kind}", kind)


def _others(last: Regrouping, ticket: TicketView) -> str:
    numbers = sorted(each.other.number for each in last.whole) if last.ticket == ticket.number else [last.ticket]
    return ", ".join(f"#{number}" for number in numbers)


def _describe_last(posted: Sequence[PostedAnswer], actor: str, settings: Settings, now: datetime) -> str:
    """`your answer was sent at 10:02:30 to ann@globex.example, and cannot be taken back`; "" where there is none."""
    if not posted:
        return ""
    answer, zone = posted[0], settings.zone_of(actor)
    author = settings.agents.get(answer.author)
    whose = "your" if answer.author == actor else f"{author.name if author else answer.author}'s"
    if answer.can_be_taken_back and answer.delayed:
        until = describe_time(answer.delayed.until, now, zone)
        return f"{whose} answer waits until {until}, and only its author or a lead can take it back"
    return f"{whose} answer {', '.join(_describe_ways(answer, now, zone))}, and cannot be taken back"


def _describe_ways(answer: PostedAnswer, now: datetime, zone: tzinfo) -> Iterator[str]:
    by_words: dict[str, list[str]] = {}
    for way in answer.ways:
        at = f" at {describe_time(way.settled, now, zone)}" if way.settled else ""
        words = _WAYS.get(way.state, _ON_ITS_WAY).replace("{at}", at)
        by_words.setdefault(words, []).append(way.recipient)
    return (words.replace("{whom}", ", ".join(whom)) for words, whom in by_words.items())


def take_back(ticket: TicketView, answer: PostedAnswer) -> TicketView:
    """The ticket without the answer; as it is, if somebody has that. If somebody has answered since, it stands as that answer left it."""
    if answer.reached or answer.delayed is None:
        return ticket
    before, after = answer.delayed.before, answer.delayed.after
    if ticket.agent_messages > answer.delayed.answers:
        before = replace(after, references=before.references)
    without = restore(ticket, before, after)
    return replace(without, agent_messages=without.agent_messages - 1)


def effects_of(answer: PostedAnswer) -> tuple[TakeBack, ...]:
    delayed = answer.delayed
    return (TakeBack(answer.letter, None if answer.reached else delayed.message, delayed.incoming),) if delayed else ()


def tell_taken_back(before: TicketView, ticket: TicketView, answer: PostedAnswer, by: str) -> Iterator[RecordEvent]:
    whom, reached = ", ".join(answer.stoppable), ", ".join(answer.reached)
    to = f" to {whom}" if whom else ""
    outcome = f"it had reached {reached}, so it stays an answer" if reached else "it went to nobody, and is a note"
    yield RecordEvent("recalled", by, f"the answer{to}: {outcome}")
    if ticket.status is not before.status:
        yield RecordEvent("changed", "maild", f"status {ticket.status.value}: the answer was taken back")
    if ticket.tier is not before.tier:
        yield RecordEvent("changed", "maild", f"tier {ticket.tier.value}: the answer was taken back")


def tell_people(
    ticket: TicketView, answer: PostedAnswer, by: Agent, settings: Settings, earlier: Sequence[Earlier], now: datetime
) -> Iterator[Effect]:
    """Its author gets his words back, to send them anew. Colleagues who were told of the answer hear that there is none."""
    author, delayed = settings.agents.get(answer.author), answer.delayed
    if author is None or delayed is None:
        return
    yield from post(returned_letters.taken_back(author, ticket, answer, by, settings), settings)
    if answer.reached:
        return
    note = AddMessage(
        MessageKind.NOTE, Address(author.name, author.email), now, delayed.text, delayed.text, agent=author.key, internal=True
    )
    others = tuple(key for key in delayed.told if key in settings.agents and key not in (author.key, by.key))
    whose = "" if by.key == author.key else f" of {author.name}"
    said = f"{by.name} took this answer{whose} back before it went out. The customer did not get it."
    yield from tell_agents(others, ticket, note, (said,), settings, earlier)
