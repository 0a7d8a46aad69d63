"""The JSON documents of INTERFACE.md, built from what the store answers. Keys stand in the contract's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maild.tokens import LetterKind

if TYPE_CHECKING:
    from datetime import datetime

    from maild.message import Address, Attachment
    from maild.reason import Reason
    from maild.reports.metrics import QueueReport, Report, RuleFigures, Unsent, Waiting
    from maild.store.outbox import OutboxRow
    from maild.store.received_mail import IncomingRow
    from maild.store.suppressions import SuppressionRow
    from maild.store.tickets import EventRow, MessageRow, TicketRow
    from maild.task import Task
    from maild.ticket import TicketView
    from maild.welcome import Device, Welcome

Document = dict[str, object]

OUTBOX_KINDS = {
    LetterKind.ANSWER: "answer",
    LetterKind.ACKNOWLEDGEMENT: "ack",
    LetterKind.STATUS: "status",
    LetterKind.NOTIFICATION: "notification",
    LetterKind.WELCOME: "welcome",
}
OF_A_RULE = frozenset({"quarantine", "drop"})
READ_IN_A_MAIL = ("from", "subject", "class", "reason", "ticket")
"""What is null as long as a mail waits to be read, or to be read again."""


def ticket_document(ticket: TicketRow | TicketView, messages: object, tag: str) -> Document:
    return {
        "number": ticket.number,
        "tag": tag,
        "subject": ticket.subject,
        "queue": ticket.queue,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "owner": ticket.owner,
        "requester": person_document(ticket.requester),
        "tags": sorted(ticket.tags),
        "created": ticket.created,
        "updated": ticket.updated,
        "messages": messages,
        "snoozed_until": ticket.snoozed_until,
    }


def task_document(task: Task) -> Document:
    return {
        "number": task.number,
        "title": task.title,
        "agent": task.agent,
        "due": task.due,
        "made_by": task.made_by,
        "made": task.made,
        "done": task.done,
        "done_by": task.done_by,
    }


def person_document(person: Address) -> Document:
    return {"name": person.name, "address": person.address}


def message_document(message: MessageRow, waits_until: datetime | None = None) -> Document:
    return {
        "id": message.id,
        "kind": message.kind.value,
        "from": person_document(message.author),
        "at": message.at,
        "text": message.visible,
        "attachments": [attachment_document(attachment) for attachment in message.attachments],
        "message_id": message.message_id,
        "full_text": message.text,
        "internal": message.internal,
        "agent": message.agent,
        "waits_until": waits_until,
    }


def attachment_document(attachment: Attachment) -> Document:
    return {"name": attachment.name, "type": attachment.content_type, "size": attachment.size}


def event_document(row: EventRow) -> Document:
    return {"at": row.at, "kind": row.kind, "by": row.by, "text": row.text}


def outbox_document(row: OutboxRow) -> Document:
    return {
        "id": row.id,
        "ticket": row.ticket,
        "kind": OUTBOX_KINDS[row.kind],
        "to": row.recipient,
        "subject": row.subject,
        "state": row.state.value,
        "message_id": row.message_id,
        "attempts": row.attempts,
        "next_attempt": row.next_attempt,
        "error": row.error or None,
        "template": row.template,
        "queue": row.queue,
        "created": row.created,
    }


def suppression_document(row: SuppressionRow) -> Document:
    return {"address": row.address, "reason": row.reason, "since": row.since, "until": row.until}


def incoming_document(row: IncomingRow) -> Document:
    from maild.effects import IncomingState

    document: Document = {
        "id": row.id,
        "mailbox": row.mailbox,
        "uid": row.uid,
        "received": row.received,
        "from": row.author.address or None,
        "subject": row.subject if row.subject or row.message_class else None,
        "state": row.state.value,
        "class": row.message_class or None,
        "reason": describe_reason(row.reason),
        "ticket": row.ticket,
        "auth": row.auth.value if row.auth else None,
    }
    return document | dict.fromkeys(READ_IN_A_MAIL) if row.state is IncomingState.RECEIVED else document


def welcome_document(welcome: Welcome) -> Document:
    return {"sent": welcome.sent, "until": welcome.until, "answers": welcome.answers}


def device_document(device: Device) -> Document:
    return {
        "program": device.program or None,
        "address": device.address,
        "whose": device.whose.value,
        "answered": device.at,
        "message": device.incoming,
        "automatic": device.automatic,
        "proven": device.proven,
        "proof": device.proof,
        "token": device.token or None,
        "auth": device.auth.value,
        "mechanism": device.mechanism,
        "replies": device.replies.value,
        "new_mail": device.fresh,
        "form": device.form,
        "read": device.read,
        "signature": device.signature or None,
        "commands": list(device.commands),
        "to_change": [change.value for change in device.changes],
    }


def report_document(report: Report, limit: int | None) -> Document:
    """`limit`: so many of a department's unanswered requests."""
    queues = [_queue_report_document(queue, limit) for queue in report.queues]
    return {"since": report.period.since, "until": report.period.until, "queues": queues}


def _queue_report_document(queue: QueueReport, limit: int | None) -> Document:
    times = queue.first_answer
    return {
        "queue": queue.queue or None,
        "mode": queue.mode,
        "requests": queue.requests,
        "customers_mails": queue.customers_mails,
        "answered": queue.answered,
        "answered_elsewhere": queue.answered_elsewhere,
        "never_answered": len(queue.unanswered),
        "perhaps_answered": queue.perhaps_answered,
        "closed": queue.closed,
        "first_answer": times and {"median_hours": round(times.median_hours, 2), "p90_hours": round(times.p90_hours, 2)},
        "oldest_unanswered": [_waiting_document(waiting) for waiting in queue.unanswered[:limit]],
        "sent_about_nothing": queue.sent_about_nothing,
        "automatic": [{"class": item.message_class, "mails": item.mails, "kept_out": item.kept_out} for item in queue.automatic],
        "not_sent": [_not_sent_document(item) for item in queue.not_sent],
        "rules": [_rule_document(rule) for rule in queue.rules],
        "doubts": [{"state": doubt.state, "reason": doubt.reason, "mails": doubt.mails} for doubt in queue.doubts],
    }


def _waiting_document(waiting: Waiting) -> Document:
    request = waiting.request
    return {
        "number": request.number,
        "asked": request.asked,
        "hours": round(waiting.hours, 2),
        "requester": person_document(request.requester),
        "subject": request.subject,
        "perhaps_answered": request.is_claimed,
    }


def _not_sent_document(unsent: Unsent) -> Document:
    kind = unsent.letter.kind
    return {"kind": OUTBOX_KINDS[kind] if kind else None, "template": unsent.letter.template, "letters": unsent.letters}


def _rule_document(rule: RuleFigures) -> Document:
    actions = [{"action": words, "times": times} for words, times in rule.actions]
    return {"rule": rule.rule, "fired": rule.fired, "would_have_fired": rule.would_have_fired, "broke": rule.broke, "actions": actions}


def describe_reason(reason: Reason) -> str | None:
    """`auto: automatic answer that belongs to no ticket`: a stable word for programs, then words for people.

    What a rule kept out has the words of the rule.
    """
    if reason.code in OF_A_RULE or not reason.code or reason.text.startswith(f"{reason.code}: "):
        return reason.text or None
    return f"{reason.code}: {reason.text}"
