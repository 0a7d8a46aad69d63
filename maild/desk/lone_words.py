"""An answer that is a command's word alone: `close` and not `#close` (MAIL.md A7). The words are `data/lone_words.toml`. Pure."""

import tomllib
from functools import cache
from importlib.resources import files

from maild.desk.command import CommandFault
from maild.desk.command_lines import find_lone_word
from maild.desk.tasks import list_open
from maild.task import Task, open_tasks

DONE = "done"
"""An answer like any other, unless its writer has something to do."""


def find_lone_fault(text: str, tasks: tuple[Task, ...], agent: str) -> tuple[CommandFault, ...]:
    """Why these words are probably none for a customer; `tasks` are those of the ticket, `agent` who has written them."""
    found = find_lone_word(text)
    word = found.word if found else ""
    why = f'"{word}" alone would go to the customer'
    if word == DONE:
        return _ask_which(why, [task for task in open_tasks(tasks) if task.agent == agent], tasks)
    if word in _words()["commands"]:
        return (CommandFault(0, f"{why}; did you mean #{word}?", by_commands=True, better=f"#{word}"),)
    if word in _words()["incomplete"]:
        return (CommandFault(0, f"{why}; if you meant #{word}, write it with what belongs behind it", by_commands=True),)
    if word in _words()["elsewhere"]:
        return (CommandFault(0, f"{why}; it answers the letter that asks for it, and this is none"),)
    return ()


def _ask_which(why: str, his: list[Task], tasks: tuple[Task, ...]) -> tuple[CommandFault, ...]:
    if len(his) == 1:
        better = f"#{DONE} {his[0].number}"
        return (CommandFault(0, f"{why}; did you mean {better} ({his[0].title})?", by_commands=True, better=better),)
    return (CommandFault(0, f"{why}; which task is done? {list_open(tasks)}", by_commands=True),) if his else ()


@cache
def _words() -> dict[str, frozenset[str]]:
    data = tomllib.loads(files("maild.desk").joinpath("data/lone_words.toml").read_text(encoding="utf-8"))
    return {kind: frozenset(words) for kind, words in data.items()}
