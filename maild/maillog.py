"""The log: one named function per event in a message's life; key=value or JSON lines. No bodies, no secrets (HOUSE.md 4)."""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import TextIO

from maild.outbox.delivery import Delivery, Outcome, Sent

_log = logging.getLogger("maild")
_PRIORITY = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


def set_up(stream: TextIO = sys.stderr) -> None:
    """Log to a stream: text on a terminal, JSON otherwise, with priorities under journald."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_TextFormatter() if stream.isatty() else _JsonFormatter("JOURNAL_STREAM" in os.environ))
    _log.handlers = [handler]
    _log.setLevel(logging.INFO)
    _log.propagate = False


def received(mailbox: str, count: int) -> None:
    _event("received", mailbox=mailbox, count=count)


def decided(mailbox: str, incoming: int, message_id: str, state: str, ticket: int | None, reason: str) -> None:
    _event("decided", mailbox=mailbox, incoming=incoming, message_id=message_id, state=state, ticket=ticket, reason=reason)


def held(mailbox: str, incoming: int, reason: str) -> None:
    _event("held", logging.ERROR, mailbox=mailbox, incoming=incoming, reason=reason)


def retrying(incoming: int, attempt: int, reason: str) -> None:
    _event("retrying", logging.WARNING, incoming=incoming, attempt=attempt, reason=reason)


def forgotten(kept_out: int, tickets: int) -> None:
    _event("forgotten", kept_out=kept_out, tickets=tickets)


def delivered(delivery: Delivery, outcome: Outcome) -> None:
    is_sent = isinstance(outcome, Sent)
    detail = outcome.reply if isinstance(outcome, Sent) else outcome.error
    _event(
        "delivery",
        logging.INFO if is_sent else logging.WARNING,
        ticket=delivery.ticket,
        message_id=delivery.message_id,
        recipient=delivery.recipient,
        outcome=type(outcome).__name__.lower(),
        detail=detail,
    )


def held_back(count: int) -> None:
    _event("held_back", count=count)


def mailbox_state(mailbox: str, state: str, detail: str) -> None:
    level = logging.WARNING if detail else logging.INFO
    _event("mailbox", level, mailbox=mailbox, state=state, detail=detail)


def not_copied(mailbox: str, detail: str) -> None:
    _event("not_copied", logging.WARNING, mailbox=mailbox, detail=detail)


def refusal_untold(delivery: int, detail: str) -> None:
    _event("refusal_untold", logging.ERROR, delivery=delivery, detail=detail)


def smtp_state(account: str, state: str, detail: str) -> None:
    level = logging.WARNING if detail else logging.INFO
    _event("smtp", level, account=account, state=state, detail=detail)


def filter_state(name: str, trouble: str) -> None:
    _event("filter", logging.WARNING if trouble else logging.INFO, filter=name, detail=trouble or "it answers")


def started(version: str, mailboxes: int, rules: int) -> None:
    _event("started", version=version, mailboxes=mailboxes, rules=rules)


def room_died(room: str) -> None:
    _event("room_died", logging.CRITICAL, room=room)


def stopping(why: str) -> None:
    _event("stopping", why=why)


def stopped() -> None:
    _event("stopped")


def reloaded(rules: int, rule_set: str) -> None:
    _event("reloaded", rules=rules, rule_set=rule_set)


def reload_refused(faults: int, first: str) -> None:
    _event("reload_refused", logging.ERROR, faults=faults, first=first)


def keys_changed(keys: int, key_id: str) -> None:
    _event("keys_changed", keys=keys, key_id=key_id)


def keys_refused(detail: str) -> None:
    _event("keys_refused", logging.ERROR, detail=detail)


def store_unavailable(room: str, detail: str) -> None:
    _event("store_unavailable", logging.ERROR, room=room, detail=detail)


def job_failed(job: str, detail: str) -> None:
    _event("job_failed", logging.ERROR, job=job, detail=detail)


def _event(event: str, level: int = logging.INFO, **fields: object) -> None:
    _log.log(level, event, extra={"fields": {name: value for name, value in fields.items() if value not in (None, "")}})


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        time = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        return " ".join([time, f"{record.getMessage():<10}", *(f"{name}={_one_line(value)}" for name, value in fields.items())])


class _JsonFormatter(logging.Formatter):
    def __init__(self, with_priority: bool) -> None:
        super().__init__()
        self._with_priority = with_priority

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "event": record.getMessage(), **getattr(record, "fields", {})}
        text = json.dumps(line, default=str, ensure_ascii=True)
        return f"<{_PRIORITY.get(record.levelno, 6)}>{text}" if self._with_priority else text


def _one_line(value: object) -> str:
    """Mail data may hold anything; a log line holds no control characters and no line breaks."""
    text = "".join(character if character.isprintable() else "?" for character in str(value))
    return f'"{text}"' if " " in text or not text else text
