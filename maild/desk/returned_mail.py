"""An agent's mail that was given back for its command lines, and his answer that mends it: the lines alone, or `yes` (MAIL.md A7). Pure.

The mail then walks again with these lines in place of its own, past all checks as ever.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from maild.desk.command import Command, CommandFault
from maild.desk.command_lines import asks_to_undo, command_lines_alone, says
from maild.desk.customer_letters import may_be_relayed
from maild.effects import SendMended
from maild.known_letter import KnownLetter, ReturnedMail
from maild.message import Attachment

MENDABLE_FOR = timedelta(days=14)
"""Whoever finds an older letter again does not know any more what would go out."""

SENT_ALREADY = CommandFault(1, "you have had it sent already, and it goes out once")
NOTHING_TO_AGREE_TO = CommandFault(1, "here is nothing to say yes to; write your answer in more words than one")
NOTHING_ASKED = CommandFault(1, "you were not asked what you meant; answer with the corrected command lines alone", by_commands=True)
TOO_OLD = CommandFault(1, f"the mail you mean came back more than {MENDABLE_FOR.days} days ago; write it once more")
FILES_BESIDE = CommandFault(0, "the mail you mean goes without the files of this one; write it once more, with them")


def find_offer(commands: Iterable[Command], faults: Iterable[CommandFault]) -> str | None:
    """The command lines that were probably meant, "" where nobody can tell; None: no command lines mend the mail.

    `commands` are those of its command lines in which no fault was found.
    """
    faults = tuple(faults)
    if not all(fault.by_commands for fault in faults):
        return None
    lines = {command.line: str(command) for command in commands} | {fault.line: fault.better for fault in faults}
    return "\n".join(lines[number] for number in sorted(lines)) if all(fault.better for fault in faults) else ""


def find_mending(
    letter: KnownLetter, returned: ReturnedMail, text: str, files: Iterable[Attachment], now: datetime
) -> SendMended | CommandFault | None:
    """What an answer to this letter does to the mail that the letter gave back; None: nothing, it is an answer of its own.

    `text` are the words of the answer without its writer's signature, `files` what he has attached.
    """
    says_yes, lines = says("yes", text), command_lines_alone(text)
    if asks_to_undo(lines) and not asks_to_undo(returned.offer or ""):
        return None
    if not (says_yes or (lines and returned.offer is not None)):
        return None
    if hindrance := find_hindrance(letter, returned, files, now):
        return hindrance
    return _agree(returned) if says_yes else SendMended(returned.incoming, lines)


def find_hindrance(letter: KnownLetter, returned: ReturnedMail, files: Iterable[Attachment], now: datetime) -> CommandFault | None:
    """Why what a letter gave back does not go by an answer to it with these files."""
    if returned.was_mended:
        return SENT_ALREADY
    if now - letter.created > MENDABLE_FOR:
        return TOO_OLD
    return FILES_BESIDE if any(map(may_be_relayed, files)) else None


def _agree(returned: ReturnedMail) -> SendMended | CommandFault:
    if returned.offer is None:
        return NOTHING_TO_AGREE_TO
    return SendMended(returned.incoming, returned.offer) if returned.offer else NOTHING_ASKED
