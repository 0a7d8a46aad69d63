"""Tasks (PRODUCT 20): what `#task` and `#done` mean, and who is told of what becomes of a task. Pure.

A task is a colleague's and not the ticket's: whatever becomes of the ticket, it stands until somebody has done it.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.config.faults import did_you_mean, find_nearest
from maild.config.settings import Agent, Settings
from maild.desk import task_letters
from maild.desk.answered import Answered
from maild.desk.audience import find_crowded
from maild.desk.colleagues import fold
from maild.desk.when import Unreadable, describe_moment, is_filler, read_when
from maild.effects import Effect, RecordEvent
from maild.known import Absence, Earlier
from maild.outbox.guard import post
from maild.task import LONGEST_TITLE, MOST_OPEN, Task, next_number, open_tasks
from maild.ticket import Status, TicketView

NO_AGENT = "there is no agent"
EXAMPLE = "as in #task boris fri check the invoice"
_MOST_WORDS_OF_TIME = 8
_QUOTED = re.compile(r'"([^"]+)"')
_NUMBER = re.compile(r"\d{1,9}")
"""One of more digits than Python reads as a number is the number of no task either."""
_BARE_HOUR = re.compile(r"\d{1,2}")
_ALSO_VERBS = frozenset(("do", "so"))
"""Days of the week in German, and how an English sentence may begin."""
_DONE = re.compile(r"(?:#\s?)?done(?:\s+#?(\d{1,4}))?[.!]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who speaks of tasks, by key, and when: `me` is he, and times are meant by his clock. `told_of`: the id of the task that the letter
    tells of which he answers, None for any other mail."""

    agent: str
    settings: Settings
    now: datetime
    told_of: int | None = None


def read_task(argument: str, tasks: Sequence[Task], actor: Actor) -> Task | str:
    """The task that `boris fri check the invoice` makes, or that `2 boris mon` changes; else what is wrong. A time need not be named.

    What stands in quotation marks is what is to be done, whatever it begins with.
    """
    first, _, rest = argument.strip().partition(" ")
    if _NUMBER.fullmatch(first):
        return _change(int(first), rest.strip(), tasks, actor)
    agent = _agent_in(first, actor)
    if agent is None:
        return _no_agent(first, actor)
    if len(open_tasks(tasks)) >= MOST_OPEN:
        return f"the ticket has {MOST_OPEN} open tasks already"
    parted = _part(rest.strip(), actor)
    if isinstance(parted, str):
        return parted
    due, title = parted
    if not any(map(str.isalnum, title)):
        return f"what is to be done is missing; write it behind the name and the time, {EXAMPLE}"
    if len(title) > LONGEST_TITLE:
        return f"a task has {LONGEST_TITLE} characters at most; write more in a #note beside it"
    return Task(next_number(tasks), title, agent, actor.agent, actor.now, due)


def _change(number: int, rest: str, tasks: Sequence[Task], actor: Actor) -> Task | str:
    """Another agent, another time, or both."""
    task = next((task for task in tasks if task.number == number), None)
    if task is None or not task.is_open:
        return _no_such(number, task, tasks)
    first, _, behind = rest.partition(" ")
    agent = _agent_in(first, actor)
    when = behind.strip() if agent else rest
    if not rest:
        return f"who is to do task {number} now, or by when? Write it as in #task {number} boris fri"
    if not when:
        return replace(task, agent=agent or task.agent)
    due = read_when(when, actor.now, actor.settings.zone_of(actor.agent))
    if isinstance(due, Unreadable):
        return due.text if agent or due.is_time else f"{_no_agent(first, actor)}, or name a time, as in #task {number} boris fri"
    return replace(task, agent=agent or task.agent, due=due, told=None)


def write_asked(who: str, due: str, text: str) -> str:
    """The same argument, of its parts: `text` is what is to be done, though it may begin like a time."""
    if who.isdecimal():
        return " ".join(filter(None, (who, text, due)))
    title = text.replace('"', "'")
    return " ".join(filter(None, (who, due, f'"{title}"' if title else "")))


def find_done(argument: str, tasks: Sequence[Task], actor: Actor) -> Task | str:
    """The open task that is meant: by its number, or the one that the letter tells of which is answered, or the only one of the actor's.
    Else what is wrong."""
    named = argument.strip().removeprefix("#")
    if named and not _NUMBER.fullmatch(named):
        return f'"{argument}" is the number of no task; write it as in #done 2'
    if named:
        task = next((task for task in tasks if task.number == int(named)), None)
        return task if task and task.is_open else _no_such(int(named), task, tasks)
    told = next((task for task in tasks if task.id and task.id == actor.told_of), None)
    if told:
        return told if told.is_open else _no_such(told.number, told, tasks)
    his = [task for task in open_tasks(tasks) if task.agent == actor.agent]
    if len(his) == 1:
        return his[0]
    return f"which task is done? {list_open(tasks)}" if his else f"none of the ticket's open tasks is yours; {list_open(tasks)}"


def read_done_alone(text: str) -> str:
    """`#done 2` for a text that says nothing else, with or without `#`; "" for any other."""
    match = _DONE.fullmatch(" ".join(text.split()))
    return f"#done {match[1] or ''}".rstrip() if match else ""


def _agent_in(word: str, actor: Actor) -> str | None:
    key = word.rstrip(":,").casefold()
    key = actor.agent if key == "me" else key
    return key if key in actor.settings.agents else None


def _no_agent(word: str, actor: Actor) -> str:
    if not word:
        return f"nobody is named; write who is to do what, {EXAMPLE}"
    return f'{NO_AGENT} "{word}"{did_you_mean(word.casefold(), actor.settings.agents)}'


def _part(text: str, actor: Actor) -> tuple[datetime | None, str] | str:
    """The time with which the words begin, None without one, and what stands behind it; else what is wrong with it."""
    if quoted := _QUOTED.fullmatch(text):
        return None, quoted[1].strip()
    words = text.split()
    zone = actor.settings.zone_of(actor.agent)
    read = [read_when(" ".join(words[:count]), actor.now, zone) for count in range(1, min(len(words), _MOST_WORDS_OF_TIME) + 1)]
    times = [count for count, found in enumerate(read, 1) if not isinstance(found, Unreadable) or found.is_time]
    if not times:
        return None, text
    count = times[-1]
    found = read[count - 1]
    if isinstance(found, Unreadable):
        return f"{found.text}; or put what is to be done in quotation marks"
    while count > 1 and is_filler(words[count - 1]):
        count -= 1
    title = " ".join(words[count:])
    if doubt := _doubt(words, count, read):
        return f'"{doubt}" may be a time or what is to be done; {_certain(doubt)}, or put what is to be done in quotation marks'
    return found, quoted[1].strip() if (quoted := _QUOTED.fullmatch(title)) else title


def _doubt(words: Sequence[str], count: int, read: Sequence[datetime | Unreadable]) -> str:
    """The words that make a time, where they may be meant otherwise: `mon 9 invoices`, `do the invoice`; "" where they cannot."""
    if not words[count:] or _QUOTED.fullmatch(" ".join(words[count:])):
        return ""
    is_hour = count > 1 and _BARE_HOUR.fullmatch(words[count - 1]) and not isinstance(read[count - 2], Unreadable)
    is_verb = count == 1 and words[0].casefold() in _ALSO_VERBS
    return " ".join(words[:count]) if is_hour or is_verb else ""


def _certain(doubt: str) -> str:
    return f"write {doubt}:00" if doubt[-1].isdecimal() else "write the day in full, or as in thu"


def _no_such(number: int, task: Task | None, tasks: Sequence[Task]) -> str:
    if task:
        return f'task {number}, "{task.title}", is done already; {list_open(tasks)}'
    return f"there is no task {number} on this ticket; {list_open(tasks)}"


def list_open(tasks: Sequence[Task]) -> str:
    still = open_tasks(tasks)
    return f"open are: {', '.join(f'{task.number} ({task.title})' for task in still)}" if still else "it has no open task"


def mend_name(argument: str, settings: Settings) -> str:
    """The argument with the agent who was probably meant, where it names none; "" where that is not known."""
    first, _, rest = argument.strip().partition(" ")
    near = None if first.isdecimal() else find_nearest(first, settings.agents)
    return f"{near} {rest.strip()}" if near and rest.strip() else ""


def describe_task(task: Task, settings: Settings, zone_of: str = "") -> str:
    """`task 2 for Boris Petrov, by Fri 6 Mar 2026 09:00 (UTC): check the invoice`. `zone_of`: by whose clock, "" for the desk's."""
    due = f", by {describe_moment(task.due, settings.zone_of(zone_of))}" if task.due else ""
    return f"task {task.number} for {name_of(task.agent, settings)}{due}: {task.title}"


def name_of(key: str, settings: Settings) -> str:
    """What people call whoever this is, also where he is no agent (any more)."""
    agent = settings.agents.get(key)
    return agent.name if agent else key


@dataclass(frozen=True, slots=True)
class Telling:
    """What every letter about a task shows beside it: the ticket as it is now, what its customer wrote last, what was said before. `away`:
    the agents who are away, by key. `words`: what was said in the mail that has changed the task, `are_sent`: to the customer. `crowded`:
    who gets one mail for many."""

    ticket: TicketView
    answered: Answered
    earlier: Sequence[Earlier]
    settings: Settings
    away: Mapping[str, Absence]
    words: str = ""
    are_sent: bool = False
    crowded: Container[str] = ()


def tell_changes(known: Iterable[Task], telling: Telling, by: Agent) -> Iterator[Effect]:
    """Who is to do something hears of it at once, as do who was to do it before and who waits for it; nobody of what he does himself.

    `known`: the tasks of all tickets concerned, as they were.
    """
    before = {task.id: task for task in known}
    for task in telling.ticket.tasks:
        old = before.get(task.id)
        if old is None or task.agent != old.agent:
            yield from _tell(task, "new", _in_charge(task, telling.away), telling, by)
            former = (old.agent,) if old else ()
            yield from _tell(task, "given", former, telling, by)
        elif task.is_open and task.due != old.due:
            yield from _tell(task, "moved", (task.agent,), telling, by)
        elif old.is_open and not task.is_open:
            yield from _tell(task, "done", (task.made_by, task.agent), telling, by)


def tell_of_new(known: Iterable[Task], telling: Telling, *, tells: bool) -> Iterator[Effect]:
    """What a rule has made beside those that are `known` of the ticket. `tells`: whether anybody may be told."""
    numbers = {task.number for task in known}
    for task in telling.ticket.tasks:
        if task.number not in numbers:
            yield RecordEvent("task", task.made_by, describe_task(task, telling.settings))
            yield from _tell(task, "new", _in_charge(task, telling.away), telling, None) if tells else ()


def tell_due(task: Task, telling: Telling) -> Iterator[Effect]:
    """Once, when its time has come: whoever is to do it, and while he is away his deputy; if there is no such agent any more, who made it.
    Nobody of spam."""
    settings = telling.settings
    text = describe_task(task, settings)
    if telling.ticket.status is Status.SPAM:
        yield RecordEvent("task_due", "maild", f"{text}; nobody is told, since the ticket is spam")
        return
    yield RecordEvent("task_due", "maild", text)
    yield from _tell(task, "due", _readers_when_due(task, telling.away, settings), telling, None)


def find_crowded_by_tasks(due: Iterable[Task], settings: Settings, away: Mapping[str, Absence]) -> frozenset[str]:
    """Who would get too many mails one by one, if he were told of these in one moment."""
    return find_crowded(reader for task in due for reader in _readers_when_due(task, away, settings))


def _readers_when_due(task: Task, away: Mapping[str, Absence], settings: Settings) -> tuple[str, ...]:
    return _in_charge(task, away) if task.agent in settings.agents else (task.made_by,)


def find_absent(known: Iterable[Task], ticket: TicketView, by: str, away: Mapping[str, Absence]) -> tuple[Absence, ...]:
    """Colleagues who are away, to whom a task has just been given."""
    before = {task.id: task.agent for task in known}
    new = (task for task in ticket.tasks if task.is_open and (not task.id or before.get(task.id, task.agent) != task.agent))
    given = dict.fromkeys(task.agent for task in new if task.agent != by)
    return tuple(away[agent] for agent in given if agent in away)


def _in_charge(task: Task, away: Mapping[str, Absence]) -> tuple[str, ...]:
    """He finds it when he is back, and who stands in for him may not wait for that."""
    absence = away.get(task.agent)
    return (task.agent, absence.deputy) if absence and absence.deputy else (task.agent,)


def _tell(task: Task, news: str, readers: Iterable[str], telling: Telling, by: Agent | None) -> Iterator[Effect]:
    settings = telling.settings
    for key in dict.fromkeys(readers):
        reader = settings.agents.get(key)
        if reader is None or (by and key == by.key) or telling.ticket.queue not in settings.queues:
            continue
        if key in telling.crowded:
            yield from fold(reader)
            continue
        absence = telling.away.get(task.agent) if key != task.agent and news in ("new", "due") else None
        letter = task_letters.build_letter(reader, task, news, telling.ticket, telling.answered, telling.earlier, settings, by, absence)
        words = telling.words if news in ("new", "done") else ""
        letter = replace(letter, values={**letter.values, "why": words, "why_sent": telling.are_sent})
        yield from post(letter, settings, RecordEvent("notified", "maild", f"{reader.name} of task {task.number}"))
