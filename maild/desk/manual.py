"""The agents' manual: every command by mail in one line, made of the tables that read them. Pure."""

from maild.desk.control import CONTROLS
from maild.desk.verbs import VERBS

DOES = {
    "note": ("[TEXT]", "your mail is an internal note"),
    "close": ("", "closes the ticket"),
    "open": ("", "opens it, or opens it again"),
    "wait": ("", "waits for the customer"),
    "assign": ("NAME", "gives it to a colleague, to me, or to none"),
    "take": ("", "gives it to you"),
    "move": ("QUEUE", "moves it to another department"),
    "l2": ("", "hands it to the second tier; you follow it"),
    "tag": ("WORD…", "adds tags"),
    "untag": ("WORD…", "takes tags away"),
    "snooze": ("WHEN", "takes it out of the queue until 3d, mon 9:00, 12 May …; off ends that"),
    "priority": ("WORD", "low, normal, high or urgent"),
    "set": ("NAME=VALUE", "sets priority, status, tier or a field"),
    "cc": ("ADDRESS", "this person, or sender, gets copies of answers"),
    "uncc": ("ADDRESS", "and no longer"),
    "same": ("", "whoever wrote what you answer is the requester, at another address"),
    "requester": ("ADDRESS", "the ticket is this person's"),
    "to": ("ADDRESS", "in a new mail: your words go there, and a ticket is yours that waits for the answer"),
    "from": ("ADDRESS", "in a new mail: you have taken down what somebody wants, on the telephone"),
    "spam": ("", "marks it as spam; nothing is sent"),
    "noreply": ("", "sends nothing; your text is kept as a note"),
    "ack": ("", "in a mail that you forward here, or with #from: the customer gets an acknowledgement"),
    "merge": ("NUMBER", "lets it go into that ticket"),
    "link": ("NUMBER", "lets both tickets name each other"),
    "split": ("", "makes new tickets of blocks that begin with --- TITLE"),
    "undo": ("", "takes back an answer that waits, or the last merge, split or link"),
    "task": ("NAME [WHEN] TEXT", "gives a colleague, or me, something to do; #task 2 NAME or WHEN changes it"),
    "done": ("[NUMBER]", "the task is done"),
    "canned": ("NAME [NAME=VALUE…]", "puts a canned answer here, in the customer's language"),
    "macro": ("NAME", "does what the desk's rules say under this name"),
}
"""What each of `VERBS` does to a ticket: what stands behind it, and its effect."""


def usages() -> tuple[tuple[str, str], ...]:
    """(how a command is written, what it does): those for a ticket, which stand in a reply to its notification, then what the desk itself
    is asked."""
    of_tickets = ((f"#{word} {DOES[word][0]}".rstrip(), DOES[word][1]) for word in VERBS)
    of_the_desk = ((f"{word} {control.usage}".rstrip(), control.does) for word, control in CONTROLS.items())
    return (*of_tickets, *of_the_desk)
