"""An answer's words that were to be commands: `close` and not `#close` (MAIL.md A7). The words are `data/lone_words.toml`. Pure."""

import tomllib
from functools import cache
from importlib.resources import files

from maild.desk.command import CommandFault
from maild.desk.command_lines import find_bare_words, find_label, find_lone_command, find_lone_word
from maild.desk.command_words import command_of, words
from maild.desk.tasks import list_open
from maild.task import Task, open_tasks

DONE = "done"
"""An answer like any other, unless its writer has something to do."""


def find_lone_fault(text: str, tasks: tuple[Task, ...], agent: str) -> tuple[CommandFault, ...]:
    """Why these words are none for a customer, or not all of them; `tasks` are those of the ticket, `agent` who has written them."""
    if found := find_lone_word(text):
        return _find_whole_fault(found.word, tasks, agent)
    if line := find_lone_command(text):
        why = f'"{line.word}" would go to the customer; did you mean #{line.word}?'
        return (CommandFault(0, why, by_commands=True, better=f"#{line.word}"),)
    return _find_bare_fault(text)


def _find_whole_fault(word: str, tasks: tuple[Task, ...], agent: str) -> tuple[CommandFault, ...]:
    """Of an answer that is this word."""
    why = f'"{word}" alone would go to the customer'
    if command_of(word) == DONE:
        return _ask_which(why, [task for task in open_tasks(tasks) if task.agent == agent], tasks)
    if _is_one_of("commands", word):
        return (CommandFault(0, f"{why}; did you mean #{word}?", by_commands=True, better=f"#{word}"),)
    if _is_one_of("incomplete", word):
        return (CommandFault(0, f"{why}; if you meant #{word}, write it with what belongs behind it", by_commands=True),)
    if word in _words()["elsewhere"]:
        return (CommandFault(0, f"{why}; it answers the letter that asks for it, and this is none"),)
    return ()


def _find_bare_fault(text: str) -> tuple[CommandFault, ...]:
    """Of an answer that says more. A label on a line of words is no command line that could be put right by another."""
    for bare in find_bare_words(text):
        if _is_one_of("lines", bare.word):
            why = f'the line "{bare.word}" would go to the customer'
            return (CommandFault(0, f"{why}; did you mean #{bare.word}?", by_commands=True, better=f"#{bare.word}"),)
    if _is_one_of("labels", label := find_label(text)):
        why = f'"{label}:" would go to the customer, with what stands behind it; if it is a note, begin with #{label}'
        return (CommandFault(0, f"{why}, and if it is for the customer, write another line above it"),)
    return ()


def _ask_which(why: str, his: list[Task], tasks: tuple[Task, ...]) -> tuple[CommandFault, ...]:
    if len(his) == 1:
        better = f"#{DONE} {his[0].number}"
        return (CommandFault(0, f"{why}; did you mean {better} ({his[0].title})?", by_commands=True, better=better),)
    return (CommandFault(0, f"{why}; which task is done? {list_open(tasks)}", by_commands=True),) if his else ()


def _is_one_of(kind: str, word: str) -> bool:
    """In whatever language. English words that stand for another command are listed themselves."""
    listed = _words()[kind]
    return word in listed or (word not in _other_english() and command_of(word) in listed)


@cache
def _other_english() -> frozenset[str]:
    return frozenset(word for others in words()["en"].values() for word in others)


@cache
def _words() -> dict[str, frozenset[str]]:
    data = tomllib.loads(files("maild.desk").joinpath("data/lone_words.toml").read_text(encoding="utf-8"))
    return {kind: frozenset(words) for kind, words in data.items()}
