"""The agents' manual: every command by mail in one line, made of the tables that read them. Pure."""

from typing import NamedTuple

from maild.desk.control import CONTROLS


class Usage(NamedTuple):
    """How a command is written, and what it does."""

    written: str
    does: str


GROUPS = (
    {
        "note": ("[TEXT]", "your mail is an internal note"),
        "noreply": ("", "sends nothing; your text is kept as a note"),
        "ack": ("", "in a mail that you forward here, or with #from: the customer gets an acknowledgement"),
        "canned": ("NAME [NAME=VALUE…]", "puts a canned answer here, in the customer's language"),
        "macro": ("NAME", "does what the desk's rules say under this name"),
    },
    {
        "close": ("", "closes the ticket"),
        "open": ("", "opens it, or opens it again"),
        "wait": ("", "waits for the customer"),
        "snooze": ("WHEN", "takes it out of the queue until 3d, mon 9:00, 12 May …; off ends that"),
        "spam": ("", "marks it as spam; nothing is sent"),
    },
    {
        "assign": ("NAME", "gives it to a colleague, to me, or to none"),
        "take": ("", "gives it to you"),
        "move": ("QUEUE", "moves it to another department"),
        "l2": ("", "hands it to the second tier; you follow it"),
        "task": ("NAME [WHEN] TEXT", "gives a colleague, or me, something to do; #task 2 NAME or WHEN changes it"),
        "done": ("[NUMBER]", "the task is done"),
    },
    {
        "tag": ("WORD…", "adds tags"),
        "untag": ("WORD…", "takes tags away"),
        "priority": ("WORD", "low, normal, high or urgent"),
        "set": ("NAME=VALUE", "sets priority, status, tier or a field"),
    },
    {
        "cc": ("ADDRESS", "this person, or sender, gets copies of answers"),
        "uncc": ("ADDRESS", "and no longer"),
        "same": ("", "whoever wrote what you answer is the requester, at another address"),
        "requester": ("ADDRESS", "the ticket is this person's"),
        "to": ("ADDRESS", "in a new mail: your words go there, and a ticket is yours that waits for the answer"),
        "from": ("ADDRESS", "in a new mail: you have taken down what somebody wants, on the telephone"),
    },
    {
        "merge": ("NUMBER", "lets it go into that ticket"),
        "link": ("NUMBER", "lets both tickets name each other"),
        "split": ("", "makes new tickets of blocks that begin with --- TITLE"),
        "undo": ("", "takes back an answer that waits, or the last merge, split or link"),
    },
)
"""What each of `VERBS` does to a ticket, those of a kind together: what stands behind it, and its effect."""


def usages() -> tuple[tuple[Usage, ...], ...]:
    """The commands for a ticket, which stand in a reply to its notification, a group at a time; then what the desk itself is asked."""
    of_tickets = (tuple(Usage(f"#{word} {behind}".rstrip(), does) for word, (behind, does) in group.items()) for group in GROUPS)
    of_the_desk = (Usage(f"{word} {control.usage}".rstrip(), control.does) for word, control in CONTROLS.items())
    return (*of_tickets, tuple(of_the_desk))
