"""Answers to a letter of welcome: what each shows of the mail program it was written with, and what its agent is told (PRODUCT 34c). Pure.

An answer opens no ticket and steers nothing. Whoever wrote it, what it has shown is told at the agent's registered address only.
"""

from dataclasses import replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk import welcome_letters
from maild.desk.agent_signatures import find_unmarked_signature
from maild.desk.agent_words import find_why_internal, unsigned
from maild.desk.command_lines import parse
from maild.desk.furniture import is_unmarked_furniture
from maild.draft import Draft
from maild.effects import IncomingState, Letter, NoteWelcomeAnswer, Post
from maild.ingest.attributions import Evidence, weigh
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.program import find_program
from maild.ingest.quotes import is_quoted
from maild.ingest.sender import Sender, describe_proofs, find_from_fault, find_proof_failure
from maild.message import REPORTS, AuthResult, InboundMessage, MessageClass, Wrapping
from maild.reading import Reading
from maild.reason import Reason
from maild.welcome import Change, Device, Replies, Welcome, Whose

MOST_ANSWERS = 20
MOST_UNPROVEN = 5
"""So many answers to one letter are met; so many of those that anybody may have written."""
MOST_READ = 300
_NO_TICKETS_NUMBER = 0


def decide_welcome_answer(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """What it shows is remembered and told; None where it is no such answer. A machine is told nothing, and nobody is told for ever."""
    welcome = reading.known.welcome
    agent = settings.agents.get(welcome.agent) if welcome else None
    if welcome is None or agent is None or not _is_answer(welcome, reading):
        return None
    reason = Reason("welcome", f"answers the letter that tries out the mail programs of {agent.name}")
    if reading.circumstances.quiet or reading.departments.earlier:
        return Draft(IncomingState.DONE if reading.circumstances.quiet else IncomingState.DUPLICATE, reason)
    is_unproven = reading.sender.welcome is None and not reading.sender.authenticated
    if is_unproven and welcome.unproven >= MOST_UNPROVEN:
        return None
    if welcome.answers >= MOST_ANSWERS:
        quiet = Reason("welcome", f"{reason.text}; {MOST_ANSWERS} answers have been met, so nothing is said")
        return Draft(IncomingState.DONE, quiet) if reading.sender.agent == agent.key else None
    if now > welcome.until:
        return _met(reason, NoteWelcomeAnswer(agent.key, None, is_unproven), welcome_letters.late(agent, _queue(reading), settings))
    device = examine(reading, agent, settings, now)
    letter = welcome_letters.answer(device, agent, _queue(reading), _given_id(reading.message), settings)
    why = Reason("welcome", f"{reason.text}: {_describe(device)}")
    return _met(why, NoteWelcomeAnswer(agent.key, device, is_unproven), None if device.automatic else letter)


def _met(reason: Reason, note: NoteWelcomeAnswer, letter: Letter | None) -> Draft:
    """An admin has asked for it, so that it goes out whatever the department's mode is."""
    return Draft(IncomingState.DONE, reason, effects=(note, Post(letter)) if letter else (note,))


def _is_answer(welcome: Welcome, reading: Reading) -> bool:
    """By its token; or, from a program that keeps nothing but the subject, by that and the agent's address."""
    if reading.nature.message_class in (*REPORTS, MessageClass.OWN_LOOP) or reading.thread.ticket or reading.sender.token:
        return False
    is_subject = welcome.subject != "" and reading.title.casefold() == strip_prefixes(welcome.subject).casefold()
    return reading.sender.welcome is not None or (reading.sender.agent == welcome.agent and is_subject)


def _queue(reading: Reading) -> str:
    return reading.departments.primary.key


def _given_id(message: InboundMessage) -> str | None:
    return message.message_id if message.message_id_given else None


def _describe(device: Device) -> str:
    if device.automatic:
        return "automatic, so nothing is said"
    return f"{device.program or 'a program without a name'} at {device.address}, {'' if device.proven else 'not '}proven: {device.proof}"


def examine(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Device:
    """The answer judged as if it were one to a notification, by the very checks of those."""
    message, sender = reading.message, reading.sender
    as_reply = replace(reading, sender=replace(sender, token=sender.welcome), thread=replace(reading.thread, parent_internal=False))
    whose = _whose(sender, agent)
    fault = find_from_fault(message)
    failure = fault or find_proof_failure(sender.welcome, sender.authentication, settings.trust.agent_auth)
    why_note = find_why_internal(as_reply, settings)
    is_proven = whose is not Whose.UNKNOWN and failure is None
    read = "" if message.nothing_new else unsigned(_own_words(message), as_reply, agent, settings)
    signature = find_unmarked_signature(read, agent.name)
    commands = parse(read, reading.known.tag_names)
    return Device(
        agent=agent.key,
        program=find_program(message),
        address=sender.address.key if sender.address else "",
        at=now,
        whose=whose,
        replies=_replies(whose, is_proven, why_note),
        auth=sender.authentication.verdict,
        proven=is_proven,
        proof=_describe_proof(sender, agent, whose, fault, failure),
        fresh=whose is not Whose.UNKNOWN and sender.authenticated,
        token=sender.welcome.place.value if sender.welcome else "",
        mechanism=sender.authentication.inside or str(sender.authentication),
        read=read[:MOST_READ],
        signature=signature[:MOST_READ],
        form=_form(message),
        commands=tuple(f"#{command.word} {command.argument}".rstrip() for command in (*commands.commands, *commands.errands)),
        changes=_find_changes(as_reply, whose, fault, why_note, read, signature, settings),
        automatic=reading.nature.message_class is not MessageClass.HUMAN,
    )


def _describe_proof(sender: Sender, agent: Agent, whose: Whose, fault: Reason | None, failure: Reason | None) -> str:
    if whose is Whose.UNKNOWN and fault is None:
        return f"{sender.address.address if sender.address else 'no address'} is not known as an address of {agent.name}"
    return failure.text if failure else describe_proofs(sender.welcome, sender.authentication)


def _whose(sender: Sender, agent: Agent) -> Whose:
    if sender.address is None or sender.agent != agent.key:
        return Whose.UNKNOWN
    return Whose.REGISTERED if sender.address.key == agent.email.casefold() else Whose.OTHER


def _replies(whose: Whose, is_proven: bool, why_note: Reason | None) -> Replies:
    if whose is Whose.UNKNOWN:
        return Replies.STRANGER
    if not is_proven:
        return Replies.HELD
    return Replies.NOTE if why_note else Replies.CUSTOMER


def _own_words(message: InboundMessage) -> str:
    """What is left of the new text without quoted lines: whoever answers below a quotation has it among his words."""
    lines = (line for line in message.new_text.split("\n") if not is_quoted(line) and weigh(line) is Evidence.NONE)
    return _tidied("\n".join(lines))


def _tidied(text: str) -> str:
    """Without empty lines around it, and more than one between two others."""
    lines = text.strip().split("\n")
    return "\n".join(line.rstrip() for number, line in enumerate(lines) if line.strip() or lines[number - 1].strip())


def _form(message: InboundMessage) -> str:
    forms = [name for name, kind in (("text", "text/plain"), ("HTML", "text/html")) if kind in message.part_types]
    return " and ".join(forms) or "neither text nor HTML"


def _find_changes(
    as_reply: Reading, whose: Whose, fault: Reason | None, why_note: Reason | None, read: str, signature: str, settings: Settings
) -> tuple[Change, ...]:
    message, sender, agent_auth = as_reply.message, as_reply.sender, settings.trust.agent_auth
    is_unvouched = sender.authentication.verdict is not AuthResult.PASS and fault is None and whose is not Whose.UNKNOWN
    is_sealed = bool({Wrapping.SMIME_ENCRYPTED, Wrapping.PGP_ENCRYPTED}.intersection(message.wrappings))
    found = {
        Change.UNKNOWN_ADDRESS: whose is Whose.UNKNOWN,
        Change.FROM_UNCLEAR: fault is not None,
        Change.NO_TOKEN: sender.token is None and agent_auth != "dmarc",
        Change.NOT_IN_REPLY_TO: why_note is not None and why_note.code == "token-not-answered",
        Change.FORWARD: why_note is not None and why_note.code == "forward",
        Change.HELD_UNVOUCHED: is_unvouched and agent_auth != "token",
        Change.FRESH_UNVOUCHED: is_unvouched and agent_auth == "token",
        Change.ENCRYPTED: is_sealed,
        Change.NOTHING_NEW: not is_sealed and not read,
        Change.QUOTATION: is_unmarked_furniture(message.new_text, _NO_TICKETS_NUMBER),
        Change.SIGNATURE: signature != "",
    }
    return tuple(change for change, holds in found.items() if holds)
