"""Control words: what an agent asks the desk itself (MAIL.md A3, A7), and in which mails they stand. Pure.

What is done about them is `maild.desk.errands`'s; a control word in a reply to a notification is read by `maild.desk.command_lines`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from maild.config.settings import Agent, Settings
from maild.desk.absence import is_spoken
from maild.desk.agent_signatures import is_signature_alone
from maild.desk.answered_letter import is_forward
from maild.desk.command import HASHES, PLAIN_QUOTES, Command
from maild.desk.command_words import command_of
from maild.desk.query import find_view
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.sender import Sender
from maild.message import InboundMessage

UNKNOWN = ""
"""The word of what nobody understands: `Command.argument` is what was written."""
MISTYPED = "?"
"""The word of a subject that was probably meant to ask the desk."""
MOST_ASKED = 5
"""So much is done for one mail."""
ENOUGH_SIGNS = 2
_LONGEST = 300
_LIKENESS = 0.7
_NAMING = frozenset(("next", "show", "files"))
_TELLING = frozenset(("show", "files", "away"))
_TERM_OF_QUERY = re.compile(r"(?:^|\s)-?(?:#[^\W\d_]|[a-z]{2,}:[^\s/])")
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


def find_asked(message: InboundMessage, sender: Sender, settings: Settings, corrected: str | None = None) -> tuple[Command, ...] | None:
    """What an agent's mail asks of the desk, if that is all it does: a fresh mail, or a reply to a letter that is about no ticket.

    None where it is no such mail. `corrected`: what he has meant by it, as he has said since.
    """
    found = _find_in_mail(message, sender, settings)
    return found and tuple(_read(line) or _unknown(line) for line in corrected.splitlines()) if corrected else found


def _find_in_mail(message: InboundMessage, sender: Sender, settings: Settings) -> tuple[Command, ...] | None:
    if sender.token:
        return _find_in_reply(message) if sender.token.token.ticket == 0 else None
    subject = _read(message.subject)
    is_asked = subject and (CONTROLS[subject.word].fits(subject.argument, settings) or _names_nothing(subject, message, sender, settings))
    if subject and is_asked and not message.in_reply_to:
        return (subject,)
    if not (_is_to_control_address(message, settings) or (sender.personal and _is_to_the_desk_alone(message, settings))):
        return (Command(MISTYPED, message.subject.strip()),) if _is_mistyped(message, sender, settings) else None
    has_subject = bool(strip_prefixes(message.subject).strip())
    return (subject or _unknown(message.subject),) if has_subject else (_read_first_line(message.new_text),)


def _names_nothing(subject: Command, message: InboundMessage, sender: Sender, settings: Settings) -> bool:
    """`next salse`, `show`, above no words: he names wrongly what he wants. "Show me the invoice" is a request."""
    agent = settings.agents.get(sender.agent or "")
    return agent is not None and subject.word in _NAMING and " " not in subject.argument and _is_silent(message, agent)


def suggest(written: str) -> str:
    """What was perhaps meant, as `show 1042` by "shwo 1042"; "" if no control word is near."""
    word, _, argument = written.strip().lstrip(HASHES).partition(" ")
    near = _nearest(word, 0.6)
    return f"{near} {argument.strip()}".rstrip() if near else ""


def _nearest(word: str, cutoff: float) -> str:
    """Of words that are equally near, one that a slip of the fingers leads to."""
    known = sorted(get_close_matches(word.casefold(), list(CONTROLS), n=3, cutoff=cutoff), key=lambda near: not _is_slip(word, near))
    return known[0] if known else ""


def _is_mistyped(message: InboundMessage, sender: Sender, settings: Settings) -> bool:
    """Whether a fresh mail to a department has a subject that was probably meant to ask the desk, and is no request.

    "Shop 1042" and "Text" are requests, "Lost #luggage" may be one. So a word near to a control word, with what may stand behind that, is
    not enough: two of three signs are wanted beside. The word is one slip of the fingers away, and such slips make hardly ever another
    word. Or what stands behind is nothing that a subject says otherwise, as `1042` or `status:open`. Or the mail has no words of its own.
    """
    word, _, argument = message.subject.strip()[:_LONGEST].translate(PLAIN_QUOTES).lstrip(HASHES).partition(" ")
    argument = argument.strip()
    meant = _nearest(word.rstrip(".!;:"), _LIKENESS)
    agent = settings.agents.get(sender.agent or "")
    if agent is None or message.in_reply_to or not meant or not CONTROLS[meant].fits(argument, settings):
        return False
    signs = (_is_slip(word.rstrip(".!;:"), meant), _is_telling(meant, argument), _is_silent(message, agent))
    return signs.count(True) >= ENOUGH_SIGNS


def _is_silent(message: InboundMessage, agent: Agent) -> bool:
    """Whether a mail has nothing but a subject."""
    says_nothing = not message.new_text.strip() or is_signature_alone(message.new_text, agent.name)
    return says_nothing and not message.attachments and message.forwarded is None


def _is_slip(word: str, meant: str) -> bool:
    """Two letters are exchanged, one is doubled, or one within it is missing: `shwo`, `shoow`, `lst`. `file` is no slip of `files`."""
    typed = word.casefold()
    exchanged = (meant[:place] + meant[place + 1] + meant[place] + meant[place + 2 :] for place in range(len(meant) - 1))
    doubled = (meant[:place] + meant[place] + meant[place:] for place in range(len(meant)))
    missing = (meant[:place] + meant[place + 1 :] for place in range(1, len(meant) - 1))
    return typed != meant and typed in {*exchanged, *doubled, *missing}


def _is_telling(word: str, argument: str) -> bool:
    """Whether what stands behind a control word can hardly be a part of any other subject."""
    return bool(argument) and (word in _TELLING or (word == "list" and _TERM_OF_QUERY.search(argument) is not None))


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
    numbered = tuple(replace(command, line=number) for number, command in enumerate(found, 1)) if len(found) > 1 else tuple(found)
    return numbered or (_read_first_line(message.new_text),)


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
    # Only with a # are the words of other languages commands: a subject of a request may begin with any of them.
    word = command_of(word) if written[:1] in HASHES else word
    return Command(word, argument.strip()) if word in CONTROLS else None
