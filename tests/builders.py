"""Builders of plain values with good defaults, for tests of the pure rooms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from maild.config.settings import Agent, Desk, Mailbox, Queue, Role, Settings, Smtp, Storage, Trust
from maild.ingest.department import Departments
from maild.ingest.language import guess_language
from maild.ingest.sender import Sender
from maild.ingest.thread import Thread
from maild.known import Known
from maild.message import Address, Authentication, AuthResult, HeaderField, InboundMessage, MessageClass, Nature
from maild.reading import Circumstances, Reading
from maild.reason import Reason
from maild.secret import Secret
from maild.ticket import Priority, Status, TicketView
from maild.tokens import Tokens

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
KEY = b"k" * 64
ANN = Address("Ann Smith", "ann@globex.example")
UNKNOWN = Authentication(AuthResult.UNKNOWN)
PASSED = Authentication(AuthResult.PASS, dmarc=AuthResult.PASS, reason=Reason("dmarc", "dmarc=pass"))
FAILED = Authentication(AuthResult.FAIL, dmarc=AuthResult.FAIL, reason=Reason("dmarc", "dmarc=fail"))
AGENTS = {
    "anna": Agent("anna", "Anna Ivanova", "anna@acme.example", role=Role.LEAD),
    "boris": Agent("boris", "Boris Petrov", "boris@acme.example"),
}


def a_mailbox(**changes: Any) -> Mailbox:
    return replace(Mailbox("support", "localhost", 143, "none", "support@acme.example", Secret("plain", "x")), **changes)


def a_queue(key: str = "support", **changes: Any) -> Queue:
    queue = Queue(key, key.title(), f"{key}@acme.example", "support", agents=("anna", "boris"), lead="anna")
    return replace(queue, **changes)


def some_settings(**changes: Any) -> Settings:
    """A desk with the queues support and sales, agents anna (lead) and boris, in support's mailbox."""
    settings = Settings(
        directory=Path("/nowhere"),
        desk=Desk("Acme", "Acme", "acme.example", Secret("plain", "k" * 64), admins=("ops@acme.example",)),
        storage=Storage(),
        smtp=Smtp("localhost", 25, "none"),
        trust=Trust(),
        mailboxes={"support": a_mailbox()},
        queues={"support": a_queue(), "sales": a_queue("sales", agents=("boris",), lead=None)},
        agents=AGENTS,
        teams={"payments": ("boris",)},
    )
    return replace(settings, **changes)


def some_tokens() -> Tokens:
    return Tokens([KEY], "acme.example", ["Acme"], AGENTS)


def a_message(**changes: Any) -> InboundMessage:
    """A plain mail of Ann to support. `headers` may be given as a dict."""
    headers = changes.pop("headers", {})
    fields = tuple(HeaderField(name, value) for name, value in headers.items())
    text = changes.pop("text", "My printer is on fire.")
    message = InboundMessage(
        raw_sha256="0" * 64,
        size=1000,
        headers=fields,
        header_from=(ANN,),
        from_fields=1,
        from_defect="",
        sender=None,
        reply_to=(),
        to=(Address("", "support@acme.example"),),
        cc=(),
        recipients=(),
        return_path=None,
        subject="Printer",
        date=NOW - timedelta(minutes=1),
        message_id="m1@globex.example",
        message_id_given=True,
        in_reply_to=(),
        references=(),
        fingerprint="f1",
        text=text,
        html="",
        new_text=text,
        uncut_text=text,
        elided="",
        attachments=(),
        part_types=("text/plain",),
        report=None,
        defects=(),
        language=guess_language(text),
    )
    return replace(message, **changes)


def a_ticket(number: int = 1042, **changes: Any) -> TicketView:
    ticket = TicketView(
        number=number,
        subject="Printer",
        queue="support",
        status=Status.OPEN,
        priority=Priority.NORMAL,
        requester=ANN,
        created=NOW - timedelta(days=1),
        updated=NOW - timedelta(hours=1),
        last_customer_id="m0@globex.example",
        customer_messages=1,
    )
    return replace(ticket, **changes)


def a_sender(address: Address = ANN, **changes: Any) -> Sender:
    return replace(Sender(address, UNKNOWN), **changes)


def a_reading(**changes: Any) -> Reading:
    settings = changes.pop("settings", some_settings())
    message_class = changes.pop("message_class", MessageClass.HUMAN)
    reading = Reading(
        message=a_message(),
        circumstances=Circumstances("support"),
        nature=Nature(message_class, (Reason(message_class.value, message_class.value),)),
        sender=a_sender(),
        departments=Departments(settings.queues["support"], "support@acme.example"),
        known=Known(),
        thread=Thread(),
        title="Printer",
    )
    return replace(reading, **changes)
