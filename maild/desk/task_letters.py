"""Letters about tasks (PRODUCT 20): each shows its ticket like a notification. A reply is a note, and `done` ticks the task off. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.absence import describe_absence
from maild.desk.agent_letters import customers_message, notification, without_last_words
from maild.desk.answered import Answered
from maild.desk.glimpses import clock
from maild.effects import Letter
from maild.known import Absence, Earlier
from maild.outbox.hygiene import one_line
from maild.task import ListedTask, Task
from maild.ticket import TicketView

TASK = "task"
"""The template of the letters that tell of a task."""


def build_letter(
    reader: Agent,
    task: Task,
    news: str,
    ticket: TicketView,
    answered: Answered,
    earlier: Sequence[Earlier],
    settings: Settings,
    by: Agent | None,
    absence: Absence | None,
) -> Letter:
    """What there is to tell about a task: it is `new` to him who does it, it is due at another time (`moved`), somebody else does it
    (`given`), it is `due`, or `done`.

    `by`: who has brought that about, None: the clock. `absence`: whose task it is, where the reader is told in his place.
    """
    warnings = (f"{describe_absence(absence, settings)}, and this is a task of his. You are told in his place.",) if absence else ()
    told = notification(
        reader, ticket, customers_message(ticket, answered), warnings, settings, earlier=without_last_words(earlier, answered)
    )
    shown = {
        "news": news,
        "number": task.number,
        "title": one_line(task.title),
        "agent": _name(task.agent, settings),
        "due": clock(task.due, reader, settings) if task.due else "",
        "made_by": _name(task.made_by, settings),
        "by": by.name if by else "",
        "mine": task.agent == reader.key,
    }
    return replace(told, template=TASK, internal=True, task=task.number, values={**told.values, "task": shown})


def list_lines(tasks: Iterable[ListedTask], reader: Agent, now: datetime, settings: Settings) -> tuple[dict[str, object], ...]:
    """The lines of the letter that lists an agent's tasks, as its template wants them."""
    return tuple(
        {
            "number": listed.task.number,
            "title": one_line(listed.task.title),
            "due": clock(listed.task.due, reader, settings) if listed.task.due else "",
            "late": listed.task.due is not None and listed.task.due <= now,
            "ticket": listed.ticket,
            "subject": one_line(listed.subject),
        }
        for listed in tasks
    )


def _name(key: str, settings: Settings) -> str:
    agent = settings.agents.get(key)
    return agent.name if agent else key
