"""What was said on a ticket, as rules read it: the same whether it came by mail or was written at the command line. Pure."""

from datetime import datetime

from maild.config.settings import Settings
from maild.effects import AddMessage
from maild.message import NOT_JUDGED, InboundMessage, MessageClass, Nature
from maild.reason import Reason
from maild.rules.happenings import Happening
from maild.rules.verdict import Occasion, Source
from maild.ticket import MessageKind, TicketView

NOTHING_SAID = Nature(MessageClass.HUMAN, ())
"""Whoever has changed a ticket without a word was no machine that must not be answered."""


def occasion_of(
    happening: Happening,
    before: TicketView | None,
    ticket: TicketView,
    settings: Settings,
    now: datetime,
    message_class: str = "",
    silence: Reason | None = None,
) -> Occasion:
    """What rules are asked about something that was not a mail from outside. `message_class`: of the mail that it came in, "" of none."""
    queue = settings.queues.get(ticket.queue)
    return Occasion(
        happening.event,
        read_said(happening.message, ticket),
        _nature_of(happening.message, message_class),
        NOT_JUDGED,
        ticket,
        queue.address if queue else "",
        now,
        silence=silence.text if silence else "",
        rule=happening.rule,
        before=before,
        source=Source.DESK,
    )


def read_said(said: AddMessage | None, ticket: TicketView) -> InboundMessage:
    """The message; an empty one about the ticket's subject where nothing was said. Nobody knows its headers, nor whom it went to."""
    text, visible = (said.text, said.visible) if said else ("", "")
    return InboundMessage(
        raw_sha256="",
        size=len(text.encode()),
        headers=(),
        header_from=(said.author,) if said else (),
        from_fields=1 if said else 0,
        from_defect="",
        sender=None,
        reply_to=(),
        to=(),
        cc=(),
        recipients=(),
        return_path=None,
        subject=(said.subject if said else "") or ticket.subject,
        date=said.shown if said else None,
        message_id=(said.message_id if said else None) or "",
        message_id_given=False,
        in_reply_to=(),
        references=(),
        fingerprint="",
        text=text,
        html="",
        new_text=visible,
        elided="",
        attachments=said.attachments if said else (),
        part_types=(),
        report=None,
        defects=(),
    )


def _nature_of(said: AddMessage | None, message_class: str) -> Nature:
    """`message_class`: of the mail that it came in, "" of none."""
    if said is None or said.kind is not MessageKind.AUTO:
        return NOTHING_SAID
    return Nature(MessageClass(message_class) if message_class else MessageClass.AUTO_GENERATED, ())
