"""The values a letter's template gets; `compose` lists them."""

from urllib.parse import quote

from maild.config.settings import Mode, Settings
from maild.customer import CustomersTicket
from maild.desk.calendar import MONTHS, WEEKDAYS
from maild.desk.solar_calendar import to_solar
from maild.outbox.copies import copied
from maild.outbox.faces import author_name, person_name, shortened
from maild.outbox.hygiene import fold_note, one_line
from maild.outbox.letter_draft import LetterDraft
from maild.outbox.ways_back import write_personal_address
from maild.task import Task, open_tasks
from maild.templates.values import OPTIONAL, Html
from maild.ticket import Status, Tier
from maild.tokens import Tokens

REPLY_NAME = 36
"""MAIL.md O7: the first line of a notification is at most 60 characters, in every language."""
MOST_OTHERS = 3
MOST_TASKS = 10
OTHERS_SUBJECT = 40
"""So much of another ticket's subject that its line is not broken by mail programs."""


def letter_values(draft: LetterDraft, settings: Settings, tokens: Tokens) -> dict[str, object]:
    """Every value the draft's template may use, `Letter.values` laid over the rest."""
    letter, requester = draft.letter, draft.requester
    values: dict[str, object] = {
        **OPTIONAL,
        "desk": {"name": settings.desk.name},
        "queue": _queue_values(draft, settings),
        "ticket": _ticket_values(draft, settings),
        "requester": {"name": one_line(requester.name), "address": requester.address, "shown": one_line(str(requester))},
        "author": {"name": author_name(letter, draft.ticket, settings)},
        "subject": one_line(letter.subject),
        "body": letter.body,
        "body_html": Html(letter.body_html),
        "quoted": letter.quoted,
        "quoted_from": one_line(letter.quoted_from),
        "signature": _signature(draft, settings),
        "attachments": tuple(attachment.name for attachment, _ in draft.attached),
        "left_out": draft.left_out,
    }
    if draft.for_agents:
        copies = copied(draft.ticket, settings) if draft.ticket else ()
        values |= {"copies": tuple(one_line(str(person)) for person in copies), **_agent_values(draft, len(copies), settings, tokens)}
        values |= {"customer": _customer_values(draft, settings), "tasks": _tasks(draft, settings)}
    return {**values, **letter.values}


def _queue_values(draft: LetterDraft, settings: Settings) -> dict[str, object]:
    queue = draft.queue
    return {"key": queue.key, "name": queue.name, "address": queue.address, "opens": _opening(draft, settings)}


def _opening(draft: LetterDraft, settings: Settings) -> dict[str, object]:
    """PRODUCT 4: when the department opens again, by its own clock; empty while it is open. Languages write a date as they do."""
    calendar = settings.calendar_of(draft.queue.key)
    opens = calendar.next_opening(draft.now) if calendar else None
    if calendar is None or opens is None or opens <= draft.now:
        return {}
    here = opens.astimezone(calendar.zone)
    month, date = to_solar(here)
    return {
        "weekday": WEEKDAYS[here.weekday()],
        "date": here.day,
        "month": MONTHS[here.month - 1],
        "solar": {"date": date, "month": month},
        "day": f"{here:%Y-%m-%d}",
        "time": f"{here:%H:%M}",
        "zone": calendar.zone.key,
    }


def _ticket_values(draft: LetterDraft, settings: Settings) -> dict[str, object]:
    ticket = draft.ticket
    if ticket is None:
        return {
            "number": 0,
            "tag": "",
            "subject": "",
            "status": "",
            "snoozed": "",
            "priority": "",
            "owner": "",
            "team": "",
            "tier": "",
            "tags": (),
        }
    owner = settings.agents.get(ticket.owner or "")
    return {
        "number": ticket.number,
        "tag": draft.tag,
        "subject": one_line(ticket.subject) if draft.may_repeat_words else "",
        "status": ticket.status.value,
        "snoozed": _snoozed_until(draft, settings),
        "priority": ticket.priority.value,
        "owner": owner.name if owner else ticket.owner or "",
        "team": ticket.team or "",
        "tier": ticket.tier.value if ticket.tier is Tier.L2 else "",
        "tags": sorted(ticket.tags),
    }


def _tasks(draft: LetterDraft, settings: Settings) -> tuple[str, ...]:
    """What is to be done on the ticket (PRODUCT 20), by the reader's clock. Folded like notes, which are no customer's to see either."""
    tasks = open_tasks(draft.ticket.tasks)[:MOST_TASKS] if draft.ticket else ()
    return tuple(fold_note(_describe_task(task, draft, settings)) for task in tasks)


def _describe_task(task: Task, draft: LetterDraft, settings: Settings) -> str:
    agent = settings.agents.get(task.agent)
    due = f", {task.due.astimezone(settings.zone_of(draft.letter.agent)):%Y-%m-%d %H:%M}" if task.due else ""
    return f"{task.number}. {one_line(task.title)} ({agent.name if agent else task.agent}{due})"


def _snoozed_until(draft: LetterDraft, settings: Settings) -> str:
    """PRODUCT 18: for agents, by the reader's clock; "" where the ticket is in its queue."""
    until = draft.ticket.snoozed_until if draft.ticket and draft.for_agents else None
    return f"{until.astimezone(settings.zone_of(draft.letter.agent)):%Y-%m-%d %H:%M}" if until else ""


def _signature(draft: LetterDraft, settings: Settings) -> str:
    """The department's signature, or its name and the desk's, the agent's before them in an answer."""
    if draft.queue.signature:
        return draft.queue.signature.strip()
    author = "" if draft.is_automatic else author_name(draft.letter, draft.ticket, settings)
    names = (author, draft.queue.name, settings.desk.name)
    return "\n".join(dict.fromkeys(name for name in names if name))


def _agent_values(draft: LetterDraft, copies: int, settings: Settings, tokens: Tokens) -> dict[str, object]:
    """Where a reply goes, and the token that proves it (MAIL.md O7, A1). Only a letter to one agent carries a token; that of a letter about
    no ticket is good for what the desk itself is asked."""
    if draft.letter.agent is None:
        return {}
    reference = tokens.mint_reference_line(draft.ticket.number if draft.ticket else 0, draft.number, draft.letter.agent, draft.letter.kind)
    if draft.ticket is None:
        return {"reference": reference, "personal": write_personal_address(draft, settings, tokens)}
    others = f" + {copies}" if copies else ""
    person = draft.ticket.reply_to or person_name(draft.ticket.requester)
    whom = shortened(person, REPLY_NAME - len(others)) + others
    reply_to = "" if draft.letter.internal else whom
    answer_by = _answer_by(draft, settings)
    commands = {
        **({"answer": answer_by} if answer_by else {}),
        "close": "#close",
        "take": "#take",
        "wait": "#wait",
        "snooze": "#snooze 3d",
        "note": "#note\n\n",
    }
    start, end = _mailto(draft), _escaped(f"\n\n{reference}")
    actions = {name: f"{start}{_escaped(command)}{end}" for name, command in commands.items()}
    unsent = bool(reply_to) and draft.queue.mode is not Mode.LIVE
    return {"reply_to": reply_to, "unsent": unsent, "answer_by": answer_by, "reference": reference, "actions": actions}


def _answer_by(draft: LetterDraft, settings: Settings) -> str:
    """MAIL.md A6: what gets him a letter that he can answer, where this is answered by a note; "" where no letter's answer goes out."""
    goes_out = settings.desk.default_visibility == "public" and draft.queue.mode is Mode.LIVE
    is_asked_for = draft.letter.internal and draft.ticket and draft.ticket.status is not Status.SPAM
    return f"#show {draft.ticket.number}" if draft.ticket and is_asked_for and goes_out else ""


def _customer_values(draft: LetterDraft, settings: Settings) -> dict[str, object]:
    """Who the requester is to the desk (PRODUCT 24); of his other tickets those that are not done with come first. A ticket that is just
    being opened is not among his yet."""
    customer, number = draft.customer, draft.ticket.number if draft.ticket else 0
    others = [ticket for ticket in customer.tickets if ticket.number != number] if customer else []
    if customer is None or customer.since is None or not others:
        return {"since": "", "count": "1", "agent": "", "tickets": ()} if customer else {}
    shown = sorted(others, key=lambda ticket: ticket.status is Status.CLOSED)[:MOST_OTHERS]
    owner = settings.agents.get(next((ticket.owner for ticket in others if ticket.owner), ""))
    return {
        "since": f"{customer.since.astimezone(settings.zone_of(draft.letter.agent)):%Y-%m-%d}",
        "count": f"{len(others) + 1}{'+' if customer.has_more else ''}",
        "agent": owner.name if owner else "",
        "tickets": tuple(_other_values(ticket, settings) for ticket in shown),
    }


def _other_values(ticket: CustomersTicket, settings: Settings) -> dict[str, object]:
    queue = settings.queues.get(ticket.queue)
    return {
        "number": ticket.number,
        "subject": shortened(one_line(ticket.subject), OTHERS_SUBJECT),
        "queue": queue.name if queue else ticket.queue,
        "status": ticket.status.value,
    }


def _mailto(draft: LetterDraft) -> str:
    """A link that begins a mail to the department about this ticket, up to its text (RFC 6068)."""
    return f"mailto:{quote(draft.queue.address, safe='@')}?subject={quote(draft.tag, safe='')}&body="


def _escaped(text: str) -> str:
    return quote(text.replace("\n", "\r\n"), safe="")
