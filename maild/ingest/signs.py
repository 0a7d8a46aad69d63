"""Signs that a machine, a list or a calendar wrote a mail, each enough by itself (MAIL.md L1). Pure.

A sign is one small function that answers with a reason; the words it looks for are in `data/autoresponders.toml`.
"""

import re
from collections.abc import Callable

from maild.ingest.data import word_set, words
from maild.ingest.hygiene import one_line
from maild.message import InboundMessage
from maild.reason import Reason

Sign = Callable[[InboundMessage], Reason | None]
LONGEST_SHOWN = 80

# Automatic replies


def _auto_submitted_reply(message: InboundMessage) -> Reason | None:
    """RFC 3834 section 5; auto-notified is RFC 5436's."""
    for keyword in _auto_submitted(message):
        if keyword in ("auto-replied", "auto-notified"):
            return Reason("auto-submitted", f"Auto-Submitted: {keyword}")
    return None


def _autoresponder_field(message: InboundMessage) -> Reason | None:
    return _any_but_no(message, words("autoresponders", "auto_reply_fields"), "autoresponder")


def _precedence_auto_reply(message: InboundMessage) -> Reason | None:
    """Seen in practice: the same keyword in a field spelt "Preference"."""
    for name in ("Precedence", "Preference"):
        for value in message.fields(name):
            if _keyword(value) in word_set("autoresponders", "auto_reply_precedence"):
                return Reason("precedence", f"{name}: {_keyword(value)}")
    return None


def _delivered_to_autoresponder(message: InboundMessage) -> Reason | None:
    for value in message.fields("Delivered-To"):
        if _keyword(value) == "autoresponder" or _keyword(value).startswith("autoresponder@"):
            return Reason("autoresponder", "Delivered-To: autoresponder")
    return None


# Machines


def _auto_submitted_otherwise(message: InboundMessage) -> Reason | None:
    """RFC 3834 section 5: any keyword but "no" is automatic. Seen in practice: a peer takes "no" for automatic."""
    for keyword in _auto_submitted(message):
        if keyword not in ("no", "auto-replied", "auto-notified"):
            return Reason("auto-submitted", f"Auto-Submitted: {keyword}")
    return None


def _machine_field(message: InboundMessage) -> Reason | None:
    return _any_but_no(message, words("autoresponders", "generated_fields"), "machine")


def _bulk_feedback(message: InboundMessage) -> Reason | None:
    """What large senders must set on mass mail, and nobody sets on a personal one."""
    if message.field("Feedback-ID") and message.field("List-Unsubscribe"):
        return Reason("feedback-id", "Feedback-ID and List-Unsubscribe")
    return None


# Lists


def _list_field(message: InboundMessage) -> Reason | None:
    """RFC 2919 and RFC 2369, and what older list servers write. List-Unsubscribe alone is no list: shops write it on single mails."""
    for name in words("autoresponders", "list_fields"):
        value = message.field(name)
        if value is not None and value.strip():
            return Reason("list", f"{name}: {shown(value)}")
    return None


def _precedence_list(message: InboundMessage) -> Reason | None:
    for value in message.fields("Precedence"):
        if _keyword(value) in word_set("autoresponders", "list_precedence"):
            return Reason("precedence", f"Precedence: {_keyword(value)}")
    return None


# Calendars


def _calendar_reply(message: InboundMessage) -> Reason | None:
    """RFC 5546: an answer to an invitation, written by the calendar."""
    method = message.calendar_method.strip().upper()
    return Reason("calendar", f"text/calendar, method {method}") if method in ("REPLY", "COUNTER", "CANCEL") else None


AUTO_REPLY_SIGNS: tuple[Sign, ...] = (_auto_submitted_reply, _autoresponder_field, _precedence_auto_reply, _delivered_to_autoresponder)
AUTO_GENERATED_SIGNS: tuple[Sign, ...] = (_auto_submitted_otherwise, _machine_field, _bulk_feedback)
LIST_SIGNS: tuple[Sign, ...] = (_list_field, _precedence_list)
CALENDAR_SIGNS: tuple[Sign, ...] = (_calendar_reply,)


# What several signs need


def _auto_submitted(message: InboundMessage) -> tuple[str, ...]:
    """The keywords of all occurrences; parameters and comments may follow them (RFC 3834 section 5)."""
    return tuple(keyword for value in message.fields("Auto-Submitted") if (keyword := _keyword(value)))


def _keyword(value: str) -> str:
    return re.split(r"[;(]", value, maxsplit=1)[0].strip().casefold()


def _any_but_no(message: InboundMessage, names: tuple[str, ...], code: str) -> Reason | None:
    for name in names:
        for value in message.fields(name):
            if _keyword(value) not in ("", "no", "none", "false", "0"):
                return Reason(code, f"{name}: {shown(value)}")
    return None


def shown(value: str) -> str:
    """The beginning of a field's value, on one line, for a reason."""
    return one_line(value)[:LONGEST_SHOWN]
