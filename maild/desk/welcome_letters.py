"""The letter that welcomes an agent, and those that meet his answers (PRODUCT 34c): to his registered address only. Pure.

They carry a token of their own kind, which proves nothing but that an answer to them is one.
"""

from collections.abc import Mapping
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.rehoming import works_in
from maild.desk.when import describe_moment
from maild.effects import Letter
from maild.message import Address, AuthResult
from maild.outbox.hygiene import one_line
from maild.tokens import LetterKind
from maild.welcome import Change, Device, Replies, Whose

_NOTHING_SHOWN: Mapping[str, object] = {
    **dict.fromkeys(("program", "address", "agent", "proof", "mechanism", "read", "signature"), ""),
    "commands": (),
}


def welcome(agent: Agent, until: datetime, settings: Settings) -> Letter:
    """How the desk works by mail, in a few lines, and the wish for an answer from each of his mail programs until then."""
    queue = find_home(agent, settings)
    may_ask = settings.has_judge(settings.queues[queue].mailbox)
    return _letter("welcome", agent, queue, settings, until=describe_moment(until, settings.zone_of(agent.key)), may_ask=may_ask)


def answer(device: Device, agent: Agent, queue: str, answers: str | None, settings: Settings) -> Letter:
    """What works with the mail program he has answered with, and what to change. `answers` is the id of his mail."""
    described = {
        "program": one_line(device.program),
        "address": one_line(device.address),
        "proof": one_line(device.proof),
        "mechanism": one_line(device.mechanism),
        "read": _on_one_line(device.read),
        "signature": _on_one_line(device.signature),
        "commands": device.commands,
    }
    # Whether the reader has a personal address is known where the letter is composed.
    may_use_personal = (
        device.whose is not Whose.UNKNOWN and device.auth is not AuthResult.FAIL and Change.FROM_UNCLEAR not in device.changes
    )
    return _letter(
        "welcome-answer",
        agent,
        queue,
        settings,
        answers=answers,
        device={**_NOTHING_SHOWN, **described, "agent": agent.key},
        works=_find_works(device),
        changes=tuple(change.value for change in device.changes),
        may_use_personal=may_use_personal and not device.fresh,
        may_add=_may_add(device, settings),
    )


def _may_add(device: Device, settings: Settings) -> bool:
    """Whether he may say by `always` that the address is his, too (MAIL.md A4): the letter that asks him is written for no other."""
    is_known = settings.agent_at(device.address) is not None or settings.is_own_address(device.address)
    return device.whose is Whose.UNKNOWN and device.auth is AuthResult.PASS and not is_known


def late(agent: Agent, queue: str, settings: Settings) -> Letter:
    """The time for answers is over."""
    return _letter("welcome-answer", agent, queue, settings, device={**_NOTHING_SHOWN, "agent": agent.key})


def find_home(agent: Agent, settings: Settings) -> str:
    """The first department in which he works, or the first there is."""
    return next((queue for queue in settings.queues if works_in(agent.key, queue, settings)), next(iter(settings.queues)))


def _on_one_line(text: str) -> str:
    return " / ".join(line.strip() for line in text.split("\n") if line.strip())


def _find_works(device: Device) -> tuple[str, ...]:
    """The names of the sentences that say what becomes of mail from there."""
    reads_commands = device.proven and not {Change.ENCRYPTED, Change.QUOTATION}.intersection(device.changes)
    return (
        f"replies_{device.replies.value}",
        *(("commands_read",) if reads_commands and device.replies is not Replies.STRANGER else ()),
        *(("fresh",) if device.fresh else ()),
    )


def _letter(template: str, agent: Agent, queue: str, settings: Settings, *, answers: str | None = None, **values: object) -> Letter:
    return Letter(
        kind=LetterKind.WELCOME,
        template=template,
        queue=queue,
        recipients=(Address(agent.name, agent.email),),
        agent=agent.key,
        languages=settings.language_of(queue, settings.desk.language),
        in_reply_to=answers,
        references=(answers,) if answers else (),
        values=values,
        automatic=False,
        internal=True,
    )
