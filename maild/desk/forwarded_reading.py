"""The reading of a mail that an agent forwards into the desk (MAIL.md A12), as if its writer had sent it. Pure.

What becomes of it is `maild.desk.forwarded_mail`'s.
"""

import re
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.agent_words import unsigned
from maild.desk.when import read_written
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.sender import Sender
from maild.ingest.spam import NO_SPAM
from maild.ingest.thread import ask, find_thread
from maild.known import History
from maild.message import NOT_JUDGED, Forwarded, InboundMessage, MessageClass, Nature
from maild.question import Question
from maild.reading import Reading
from maild.ticket import follow_merges
from maild.tokens import Tokens

MOST_OF_SIGNATURE = 15
"""In lines."""
_DASHES = re.compile(r"^-- ?\n", re.MULTILINE)


def with_forwarded(question: Question, message: InboundMessage, sender: Sender, tokens: Tokens, settings: Settings) -> Question:
    """The question with what must be known of the mail that an agent passes on."""
    if message.forwarded is None or sender.agent is None or sender.token:
        return question
    mail = message.forwarded.mail
    found = ask(mail, _writer(mail, ""), None, tokens, settings)
    own = tokens.read_message_id(mail.message_id)
    return replace(
        question,
        ids=tuple(dict.fromkeys((*question.ids, mail.message_id, *found.ids))),
        tickets=question.tickets | found.tickets | ({own.ticket} if own else set()),
        letters=question.letters | found.letters | ({own.letter} if own else set()),
        aliases=tuple(dict.fromkeys((*question.aliases, *found.aliases))),
        addressees=question.addressees | found.addressees | {address.key for address in mail.reply_to},
        pictures=question.pictures | found.pictures,
    )


def read_forwarded(reading: Reading, tokens: Tokens, settings: Settings, now: datetime) -> Reading | None:
    """The reading of the mail that an agent passes on, as if its writer had sent it to the desk; None for any other mail.

    Nothing proves its writer but the agent's word, so that nobody takes part because it names him, and no server's word about it counts.
    """
    agent = settings.agents.get(reading.sender.agent or "")
    if agent is None or reading.sender.token or reading.message.forwarded is None:
        return None
    mail = _of_its_writer(reading.message.forwarded, reading, agent, settings)
    sender = _writer(mail, agent.name)
    mail = mail if sender.address else replace(mail, header_from=(), sender=None, reply_to=(), return_path=None)
    known = replace(reading.known, same_id=(), own=None, adopters=(), history=History())
    thread = find_thread(mail, sender, reading.departments, known, tokens, settings, now)
    own = tokens.read_message_id(mail.message_id)
    ticket = follow_merges(own.ticket, known.tickets) if own else thread.ticket
    letter = known.letters.get(own.letter) if own else None
    return replace(
        vouched_for(reading),
        message=mail,
        sender=sender,
        known=known,
        thread=replace(thread, ticket=ticket, own=letter, linked=reading.thread.linked),
        title=strip_prefixes(tokens.strip_tags(mail.subject)),
    )


def _writer(mail: InboundMessage, forwarded_by: str) -> Sender:
    """Who has written it, where its From names one person beyond doubt (A2)."""
    is_strict = mail.from_fields == 1 and not mail.from_defect and len(mail.header_from) == 1 and "@" in mail.header_from[0].address
    return Sender(mail.header_from[0] if is_strict else None, NOT_JUDGED, forwarded_by=forwarded_by)


def _of_its_writer(forwarded: Forwarded, reading: Reading, agent: Agent, settings: Settings) -> InboundMessage:
    """The mail that stands in a text, without the agent's signature below it, and with its date, which his program wrote out for him."""
    mail = forwarded.mail
    if forwarded.is_attached:
        return mail
    dated = replace(mail, date=read_written(forwarded.sent, settings.zone_of(agent.key)))
    text = unsigned(_without_named(mail.text, agent), reading, agent, settings)
    if text == mail.text:
        return dated
    new = cut_reply(plain_lines(text))
    plain = replace(dated, html="", uncut_html="", new_html="")
    return replace(plain, text=text, uncut_text=text, new_text=new.visible, elided=new.elided, nothing_new=new.is_old)


def _without_named(text: str, agent: Agent) -> str:
    """Without a signature at its end, set apart, that names him. Seen in practice: Thunderbird signs below what it forwards."""
    last = next(iter(list(_DASHES.finditer(text))[-1:]), None)
    below = text[last.end() :].casefold() if last else ""
    is_his = agent.name.casefold() in below or any(address.casefold() in below for address in agent.addresses)
    return text[: last.start()].rstrip() if last and is_his and below.count("\n") < MOST_OF_SIGNATURE else text


def vouched_for(reading: Reading) -> Reading:
    """An agent has seen what he forwards, so that neither filters nor rules keep it out."""
    circumstances = replace(reading.circumstances, released=True)
    return replace(reading, circumstances=circumstances, nature=Nature(MessageClass.HUMAN, reading.nature.reasons), spam=NO_SPAM)
