"""A mail as it will stand on its ticket. Pure."""

from datetime import datetime

from maild.desk.answered import thread_headers_of
from maild.effects import AddMessage
from maild.ingest.dates import shown_date
from maild.ingest.placeholder import placeholder
from maild.message import Address
from maild.reading import Reading
from maild.ticket import MessageKind

MOST_NAMED = 100


def message_of(reading: Reading, kind: MessageKind, now: datetime) -> AddMessage:
    """The message as it will stand on its ticket."""
    message = reading.message
    return AddMessage(
        kind=kind,
        author=message.author or Address("", ""),
        at=now,
        text=message.text,
        visible=message.new_text or placeholder(message),
        visible_html=message.new_html,
        html=message.html,
        message_id=message.message_id,
        references=(*message.in_reply_to, *message.references),
        named=tuple(dict.fromkeys(person.key for person in (*message.to, *message.cc)))[:MOST_NAMED],
        subject=message.subject,
        attachments=message.attachments,
        shown=shown_date_of(reading, now),
        thread_headers=thread_headers_of(message),
    )


def shown_date_of(reading: Reading, now: datetime) -> datetime:
    """The time that people see (P15)."""
    return shown_date(reading.message.date, reading.circumstances.received or now)
