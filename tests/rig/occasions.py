"""Builders for the rules: a desk, a message, an occasion, and rules written as YAML, all with good defaults."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

from maild.background import NO_BACKGROUND, Background
from maild.config.settings import Agent, Desk, Queue, Settings, SpamPolicy, Storage, Trust
from maild.desk.calendar import Calendar, Hours
from maild.ingest.spam import find_spam
from maild.message import Address, Authentication, AuthResult, HeaderField, InboundMessage, MessageClass, Nature
from maild.rules.load import LoadedRules, load_rules
from maild.rules.ruleset import RuleSet
from maild.rules.verdict import Event, Occasion, Source
from maild.secret import Secret
from maild.ticket import Priority, Status, TicketView

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ANN = Address("Ann Smith", "ann@globex.example")


def a_desk(directory: Path = Path()) -> Settings:
    """The desk of the contract's example."""
    secret = Secret("plain", "0123456789abcdef0123456789abcdef")
    queues = {
        "support": Queue(
            "support",
            "Support",
            "support@acme.example",
            "support",
            aliases=("help@acme.example",),
            agents=("anna", "boris"),
            lead="anna",
            calendar="support",
        ),
        "sales": Queue("sales", "Sales", "sales@acme.example", "sales", agents=("boris",)),
        "billing": Queue("billing", "Billing", "billing@acme.example", "support", agents=("anna",)),
    }
    agents = {
        "anna": Agent("anna", "Anna Ivanova", "anna@acme.example"),
        "boris": Agent("boris", "Boris Petrov", "boris@acme.example"),
    }
    desk = Desk("Acme Support", "Acme", "acme.example", secret)
    teams = {"payments": ("anna", "boris"), "complaints": ("anna",)}
    calendars = {"support": Calendar(ZoneInfo("Europe/Sofia"), (*((Hours(9 * 60, 18 * 60),),) * 5, (), ()))}
    return Settings(directory, desk, Storage(), None, Trust(), {}, queues, agents, teams, calendars)


def a_message(
    *, subject: str = "Printer", body: str = "It is on fire.", headers: tuple[tuple[str, str], ...] = (), **more: Any
) -> InboundMessage:
    message = InboundMessage(
        raw_sha256="",
        size=1000,
        headers=tuple(HeaderField(name, value) for name, value in headers),
        header_from=(ANN,),
        from_fields=1,
        from_defect="",
        sender=None,
        reply_to=(),
        to=(Address("", "support@acme.example"),),
        cc=(),
        recipients=(),
        return_path=None,
        subject=subject,
        date=NOW,
        message_id="mail-1@globex.example",
        message_id_given=True,
        in_reply_to=(),
        references=(),
        fingerprint="",
        text=body,
        html="",
        new_text=body,
        elided="",
        attachments=(),
        part_types=("text/plain",),
        report=None,
        defects=(),
    )
    return replace(message, **more)


def a_ticket(**more: Any) -> TicketView:
    ticket = TicketView(0, "Printer", "support", Status.NEW, Priority.NORMAL, ANN, NOW, NOW)
    return replace(ticket, **more)


def an_occasion(
    *,
    event: Event = Event.TICKET_CREATED,
    message: InboundMessage | None = None,
    ticket: TicketView | None = None,
    message_class: MessageClass = MessageClass.HUMAN,
    authentication: Authentication | None = None,
    department: str = "support@acme.example",
    before: TicketView | None = None,
    source: Source = Source.MAIL,
    background: Background = NO_BACKGROUND,
) -> Occasion:
    return Occasion(
        event,
        message or a_message(),
        Nature(message_class, ()),
        authentication or Authentication(AuthResult.UNKNOWN),
        ticket or a_ticket(),
        department,
        NOW,
        find_spam(message or a_message(), None, SpamPolicy()),
        before=before,
        source=source,
        background=background,
    )


def load_text(*texts: str | bytes) -> LoadedRules:
    """What becomes of rule files with these contents: 10.yaml, 20.yaml and so on."""
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        (directory / "rules").mkdir()
        for number, text in enumerate(texts, start=1):
            raw = text if isinstance(text, bytes) else dedent(text).encode()
            (directory / "rules" / f"{number}0.yaml").write_bytes(raw)
        return load_rules(directory, a_desk(directory))


def rules_from(*texts: str) -> RuleSet:
    """The rules of valid files."""
    loaded = load_text(*texts)
    assert loaded.rules is not None, [fault.describe(Path()) for fault in loaded.faults]
    return loaded.rules
