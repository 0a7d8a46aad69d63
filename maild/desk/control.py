"""Control words: what an agent asks the desk itself (MAIL.md A3, A7), and in which mails they stand. Pure.

What is done about them is `maild.desk.errands`'s; a control word in a reply to a notification is read by `maild.desk.command_lines`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from maild.config.settings import Settings
from maild.desk.absence import is_spoken
from maild.desk.answered_letter import is_forward
from maild.desk.command import HASHES, PLAIN_QUOTES, Command
from maild.desk.query import find_view
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.sender import Sender
from maild.message import InboundMessage

UNKNOWN = ""
"""The word of what nobody understands: `Command.argument` is what was written."""
MOST_ASKED = 5
"""So much is done for one mail."""
_LONGEST = 300
_TICKET = re.compile(r"(?:[\[［][^\[\]#＃]{0,60}\s)?[#＃]?(\d{1,12})(?:[-\u2010-\u2015][0-9A-Za-z]{4})?[\]］]?")


@dataclass(frozen=True, slots=True)
class Control:
    """How a control word is used, and what it does, in words for the letter `help`. `fits`: whether this may stand behind it in the
    subject of a mail to a department, which is a request otherwise."""

    usage: str
    does: str
    fits: Callable[[str, Settings], bool]


def read_number(argument: str) -> int | None:
    """The ticket meant by `1042`, `#1042`, `1042-7QKD` or a whole subject tag; None where it is none of these."""
    match = _TICKET.fullmatch(argument.strip())
    return int(match[1]) if match else None


def read_files(argument: str) -> tuple[int | None, str]:
    """(the ticket, a file's name) in `1042`, `1042 plan.pdf` or `plan.pdf`; None: the ticket in hand, "": all of its files."""
    if (number := read_number(argument)) is not None:
        return number, ""
    first, _, rest = argument.strip().partition(" ")
    number = read_number(first)
    return (number, rest.strip()) if number is not None else (None, argument.strip())


def _anything(argument: str, settings: Settings) -> bool:
    return True


def _empty(argument: str, settings: Settings) -> bool:
    return not argument


def _queue_or_view(argument: str, settings: Settings) -> bool:
    return not argument or argument.casefold() in settings.queues or find_view(argument, settings.views) is not None


def _files(argument: str, settings: Settings) -> bool:
    return read_files(argument)[0] is not None


def _absence(argument: str, settings: Settings) -> bool:
    return is_spoken(argument)


def _ticket(argument: str, settings: Settings) -> bool:
    return read_number(argument) is not None


CONTROLS: dict[str, Control] = {
    "next": Control("[QUEUE]", "gives you the first ticket that waits in your departments or a view, and mails it to you", _queue_or_view),
    "list": Control("QUERY", "mails you the tickets that meet it, as in list status:open #payment", _anything),
    "show": Control("NUMBER", "mails you a ticket with all that was said; your reply answers it", _ticket),
    "files": Control("NUMBER [FILE]", "mails you a ticket's files, or that one; #files those of the ticket you answer", _files),
    "canned": Control("", "mails you the canned answers there are", _empty),
    "tasks": Control("", "mails you all you are to do, by #task, the first due first", _empty),
    "away": Control("[until WHEN] [deputy NAME]", "others are told in your place, as in away until 12 May deputy boris", _absence),
    "back": Control("", "you are there again", _empty),
    "help": Control("", "mails you this", _empty),
}


def find_asked(message: InboundMessage, sender: Sender, settings: Settings) -> tuple[Command, ...] | None:
    """What an agent's mail asks of the desk, if that is all it does: a fresh mail, or a reply to a letter that is about no ticket.

    None where it is no such mail.
    """
    if sender.token:
        return _find_in_reply(message) if sender.token.token.ticket == 0 else None
    subject = _read(message.subject)
    if subject and not message.in_reply_to and CONTROLS[subject.word].fits(subject.argument, settings):
        return (subject,)
    if not (_is_to_control_address(message, settings) or (sender.personal and _is_to_the_desk_alone(message, settings))):
        return None
    has_subject = bool(strip_prefixes(message.subject).strip())
    return (subject or _unknown(message.subject),) if has_subject else (_read_first_line(message.new_text),)


def suggest(written: str) -> str:
    """The control word that was perhaps meant, "" if none is near."""
    word = written.strip().lstrip(HASHES).partition(" ")[0].casefold()
    return next(iter(get_close_matches(word, list(CONTROLS), n=1, cutoff=0.6)), "")


def _is_to_control_address(message: InboundMessage, settings: Settings) -> bool:
    recipients = (*message.recipients, *(address.address for address in (*message.to, *message.cc)))
    return any(map(settings.is_control_address, recipients))


def _is_to_the_desk_alone(message: InboundMessage, settings: Settings) -> bool:
    """Whether a mail to the agent's personal address is to nobody else, and is no answer and no forward: with other mail that address only
    proves who sends it."""
    own = [settings.department_at(address.address) for address in (*message.to, *message.cc)]
    passes_on = is_forward(message) or message.forwarded is not None
    return all(found is not None and found.detail for found in own) and not passes_on and not message.in_reply_to


def _find_in_reply(message: InboundMessage) -> tuple[Command, ...]:
    """The lines at the start of a reply, with `#` or, the first of them, without."""
    found: list[Command] = []
    for line in message.new_text.strip().splitlines()[:MOST_ASKED]:
        command = _read(line) if not found or line.strip()[:1] in HASHES else None
        if command is None:
            break
        found.append(command)
    return tuple(found) or (_read_first_line(message.new_text),)


def _read_first_line(text: str) -> Command:
    line = next((line for line in text.splitlines() if line.strip()), "")
    return _read(line) or (_unknown(line) if line else Command("help", ""))


def _unknown(written: str) -> Command:
    return Command(UNKNOWN, written.strip()[:_LONGEST])


def _read(line: str) -> Command | None:
    """`list #payment`, `#next`: a control word at the beginning of a line that is not too long to be one."""
    written = line.strip()
    word, _, argument = written[:_LONGEST].translate(PLAIN_QUOTES).lstrip(HASHES).partition(" ")
    word = word.casefold().rstrip(".!;:") if len(written) <= _LONGEST else ""
    return Command(word, argument.strip()) if word in CONTROLS else None
