"""Crossed answers: since the letter that an agent answers was written, a colleague has answered publicly (MAIL.md A11). Pure.

Who answered in a mail of the Sent folder (A15) is a colleague, unless it bears an address of the agent's own.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from maild.config.settings import Agent, Settings
from maild.desk.command import Command, CommandFault
from maild.desk.command_lines import says
from maild.desk.returned_mail import find_hindrance
from maild.effects import SendCrossed, SendMended
from maild.known import KnownAnswer
from maild.known_letter import KnownLetter, ReturnedMail
from maild.message import Attachment
from maild.reading import Reading
from maild.ticket import TicketView

KEPT_ALREADY = CommandFault(1, "it stands on the ticket as a note already")


def find_known_until(reading: Reading) -> datetime | None:
    """Up to when an agent knows what was said on the ticket: the letter he answers shows it, or one that he has answered with `send`."""
    token = reading.sender.token
    letter = reading.known.letters.get(token.token.letter) if token else None
    times = (letter.knows_until if letter else None, reading.circumstances.caught_up)
    return max((time for time in times if time is not None), default=None)


def find_crossing(reading: Reading, agent: Agent, *tickets: int) -> tuple[KnownAnswer, ...]:
    """What colleagues have answered on these tickets that this agent cannot know of, the oldest first."""
    since = find_known_until(reading)
    if since is None:
        return ()
    own = {address.casefold() for address in agent.addresses}
    answers = (answer for number in tickets for answer in reading.known.answers.get(number, ()))
    crossing = (answer for answer in answers if answer.at > since and answer.author.key not in own)
    return tuple(sorted(crossing, key=lambda answer: answer.at))


def describe_answers(answers: Iterable[KnownAnswer]) -> str:
    """`Boris Petrov and Eve Brown have answered`."""
    names = tuple(dict.fromkeys(answer.author.name or answer.author.address for answer in answers))
    return f"{' and '.join(names)} {'have' if len(names) > 1 else 'has'} answered"


def find_policy(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings) -> Literal["hold", "send", "note"]:
    """What becomes of an answer that crosses. The owner's goes out, and what was kept as a note for this very reason."""
    policy = settings.desk.on_crossing
    is_wanted = policy == "note" and reading.circumstances.sent_after_all
    return "send" if ticket.owner == agent.key or is_wanted else policy


def as_note(commands: Iterable[Command]) -> str:
    """The command lines that keep a held answer as a note, and do the rest of what it was to do."""
    return "\n".join(("#note", *map(str, commands)))


def find_release(
    letter: KnownLetter, held: ReturnedMail, text: str, files: Iterable[Attachment], now: datetime
) -> SendCrossed | SendMended | CommandFault | None:
    """What an answer to the letter that told of a held answer does to that; None: nothing, it is an answer of its own.

    Sent it may cross once more, with what has been answered since that letter. `text` and `files` as in `find_mending`.
    """
    if not (says("send", text) or says("note", text)):
        return None
    if hindrance := find_hindrance(letter, held, files, now):
        return hindrance
    if says("send", text):
        return SendCrossed(held.incoming, letter.created)
    return KEPT_ALREADY if held.offer is None else SendMended(held.incoming, held.offer)
