"""An agent's own mailbox takes no mail (MAIL.md B6): whose it is, and who is told in his place. Pure."""

from collections.abc import Iterable, Iterator

from maild.config.settings import Agent, Settings
from maild.desk import agent_letters
from maild.desk.audience import agents_to_tell, colleagues
from maild.effects import Effect, Suppress
from maild.message import Address
from maild.outbox.guard import post
from maild.ticket import TicketView
from maild.tokens import LetterKind


def find_reader(kind: LetterKind, recipients: Iterable[str], settings: Settings) -> Agent | None:
    """The agent to whom the desk wrote at his own address, on a ticket or on none; None of a letter to anybody else.

    `recipients` are addresses as they are compared. Where an agent writes in like a customer he is one, and so are his acknowledgements.
    """
    if not kind.is_for_agents:
        return None
    homes = {agent.email.casefold(): agent for agent in settings.agents.values()}
    return next((homes[address] for address in recipients if address in homes), None)


def tell_others(
    agent: Agent | None, consequences: Iterable[Effect], ticket: TicketView | None, unreachable: frozenset[str], settings: Settings
) -> Iterator[Effect]:
    """Once, as soon as nothing more is sent to him: those who take his place, or else the admins. On the ticket he was not told of, if any.

    `unreachable` are the keys of agents whose mailboxes are known to be dead.
    """
    suppressed = next((effect for effect in consequences if isinstance(effect, Suppress)), None)
    if agent is None or suppressed is None or agent.key in unreachable:
        return
    warning = f"Mail to {agent.name} comes back. Nothing more is sent there until {agent.name} writes; others are told instead."
    absent = unreachable | {agent.key}
    if ticket is None:
        yield from _tell_off_ticket(agent, f"{warning} ({suppressed.reason})", absent, settings)
    else:
        yield from tell_on_ticket(ticket, warning, suppressed.reason, absent, settings)


def tell_on_ticket(ticket: TicketView, warning: str, why: str, absent: frozenset[str], settings: Settings) -> Iterator[Effect]:
    """The agents of the ticket's department, or else the admins. `absent` are the keys of agents who get no mail."""
    told = agent_letters.event_message("Mail system", why, ticket)
    others = agents_to_tell("agents", ticket, settings, absent=absent)
    for key in others:
        yield from post(agent_letters.notification(settings.agents[key], ticket, told, (warning,), settings), settings)
    for admin in settings.desk.admins if not others else ():
        warnings = {"warnings": (warning,)}
        yield from post(agent_letters.alert(Address("", admin), None, ticket, "notification", settings, warnings, told.text), settings)


def _tell_off_ticket(agent: Agent, warning: str, absent: frozenset[str], settings: Settings) -> Iterator[Effect]:
    """The admins have an alarm of their own about it, and are not written to twice."""
    for key, queue in colleagues(agent.key, settings, absent=absent):
        reader = Address(settings.agents[key].name, settings.agents[key].email)
        yield from post(agent_letters.house_letter("attention", queue, reader, settings, warnings=(warning,)), settings)
