"""A ticket that its owner hands over without a word to whoever gets it: he is asked for one (PRODUCT 13). Pure."""

from collections.abc import Iterator, Sequence

from maild.config.settings import Agent, Settings
from maild.desk import agent_letters
from maild.desk.colleagues import tell_agents
from maild.effects import AddMessage, Effect
from maild.known import Earlier
from maild.ticket import ENDED, TicketView


def ask_for_note(
    before: TicketView, after: TicketView, agent: Agent, message: AddMessage | None, earlier: Sequence[Earlier], settings: Settings
) -> Iterator[Effect]:
    """A letter to the agent who was the owner; his reply to it is a note. Not where there is a note, or `message` is one.

    Who gives a ticket to a colleague that was nobody's, or a third one's, has nothing to tell that is not on it. One that goes to another
    department or tier belongs there by what it is about.
    """
    owner = settings.agents.get(after.owner or "")
    is_his = agent.key in settings.agents and before.owner == agent.key
    if owner is None or owner.key == agent.key or not is_his or not _stays_in_place(before, after):
        return
    if (message and message.internal) or any(past.is_note for past in earlier):
        return
    text = f"You passed this ticket to {owner.name}, and there is no note on it. Your reply to this mail is one: what is there to know?"
    yield from tell_agents((agent.key,), after, agent_letters.event_message(settings.desk.name, text, after), (), settings, earlier)


def _stays_in_place(before: TicketView, after: TicketView) -> bool:
    return (before.queue, before.tier) == (after.queue, after.tier) and after.status not in ENDED
