"""The values templates may use: made-up ones of the right shape, for previews and for checking names. The true ones come from `compose`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maild.config.faults import Place


class Html(str):
    """Text that is HTML already, and safe: it is not escaped once more. Nothing a template or a mail says becomes this by itself."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


SAMPLE_NUMBER, SAMPLE_SUBJECT, SAMPLE_TAG = 1042, "Where is my order?", "[Acme #1042-7QKD]"
_TICKET: Mapping[str, object] = {
    "number": SAMPLE_NUMBER,
    "subject": SAMPLE_SUBJECT,
    "status": "open",
    "snoozed": "2026-03-05 09:00",
    "priority": "normal",
    "owner": "Anna Ivanova",
    "team": "payments",
    "tier": "L2",
    "tags": ["payment"],
}
_EVERY_LETTER: Mapping[str, object] = {
    "desk": {"name": "Acme Support"},
    "queue": {
        "key": "support",
        "name": "Support",
        "address": "support@acme.example",
        "opens": {
            "weekday": "mon",
            "date": 2,
            "month": "mar",
            "solar": {"date": 11, "month": 12},
            "day": "2026-03-02",
            "time": "09:00",
            "zone": "Europe/Sofia",
        },
    },
    "requester": {"name": "Ann Smith", "address": "ann@globex.example", "shown": "Ann Smith <ann@globex.example>"},
    "author": {"name": "Anna Ivanova"},
    "subject": SAMPLE_SUBJECT,
    "body": "Hello,\n\nmy order has not come yet. Can you tell me where it is?\n\nAnn",
    "body_html": "",
    "quoted": "",
    "quoted_from": "",
    "signature": "Support\nAcme Support",
    "attachments": ["order.pdf"],
    "left_out": [],
    "language": "en",
    "direction": "ltr",
    "text": "",
    "match": {},
}
_FOR_AGENTS: Mapping[str, object] = {
    "reply_to": "Ann Smith",
    "unsent": False,
    "answer_by": "",
    "copies": ["Bob Brown <bob@globex.example>"],
    "writer": "Bob Brown <bob@globex.example>",
    "customer": {
        "since": "2025-11-24",
        "count": "7",
        "agent": "Boris Petrov",
        "tickets": [{"number": 1029, "subject": "Invoice for March", "queue": "Sales", "status": "waiting"}],
    },
    "snoozed": "",
    "reference": "maild-ref: n.1042.77.0aabcdefghijklmnop",
    "actions": dict.fromkeys(("answer", "close", "take", "wait", "snooze", "note"), "mailto:support@acme.example"),
    "warnings": ["The sender could not be verified."],
    "notes": ["rule payment: look at the invoice first"],
    "history": ["2026-03-02 17:51 #note Anna Ivanova: she has called", "2026-03-02 17:50 Ann Smith: Where is my order?"],
    "why": "no answer for 30 minutes",
    "why_sent": False,
    "incoming": 12,
    "held": {"subject": "Re: [Acme #1042-7QKD] Where is my order?", "at": "2026-03-02 17:50", "ticket": SAMPLE_NUMBER},
    "sender": "ann@globex.example",
    "count": 12,
    "tickets": [{"number": 1042, "subject": "Where is my order?", "back": True, "tasks": ["2. check the invoice (2026-03-06 09:00)"]}],
    "asked": "list #payment",
    "outcome": "listing",
    "listed": [
        {
            "number": 1042,
            "status": "open",
            "age": "3d",
            "owner": "Anna Ivanova",
            "requester": "Ann Smith",
            "subject": "Where is my order?",
            "link": "mailto:support@acme.example",
        }
    ],
    "said": [
        {"head": "2026-03-02 17:51 #note Anna Ivanova:", "words": "she has called"},
        {"head": "2026-03-02 17:50 Ann Smith:", "words": "Where is my order?\n\nAnn"},
    ],
    "files": ["plan.pdf (12 KiB)", "film.mp4 (30 MiB)"],
    "tasks": ["2. check the invoice (Boris Petrov, 2026-03-06 09:00)"],
    "task": {
        "news": "new",
        "number": 2,
        "title": "check the invoice",
        "agent": "Boris Petrov",
        "due": "2026-03-06 09:00",
        "made_by": "Anna Ivanova",
        "by": "Anna Ivanova",
        "mine": True,
    },
    "todo": [
        {
            "number": 2,
            "title": "check the invoice",
            "due": "2026-03-06 09:00",
            "late": True,
            "ticket": SAMPLE_NUMBER,
            "subject": SAMPLE_SUBJECT,
            "link": "mailto:support@acme.example",
        }
    ],
    "absence": {"until": "Tue 12 May 2026 09:00 (Europe/Sofia)", "deputy": "Boris Petrov"},
    "absent": "Boris Petrov",
    "personal": "support+anna.0aabcdefghijklmnop@acme.example",
    "may_ask": True,
    "may_use_personal": True,
    "may_add": False,
    "until": "Tue 12 May 2026 09:00 (Europe/Sofia)",
    "device": {
        "program": "Thunderbird",
        "address": "anna@acme.example",
        "agent": "anna",
        "proof": "token in In-Reply-To",
        "mechanism": "no trusted server has judged the sender",
        "read": "It works. / Anna Ivanova / Room 4711",
        "signature": "Anna Ivanova / Room 4711",
        "commands": ["#close"],
    },
    "works": ["replies_customer", "commands_read"],
    "changes": ["fresh_unvouched", "signature"],
    "commands": [{"usage": "#close", "does": "closes the ticket", "begins": True}],
    "canned": [{"usage": "#canned refund order=…", "languages": "de, en", "begins": "Your money is on its way back."}],
    "mendable": True,
    "offer": ["#close"],
    "answers": [{"at": "2026-03-02 17:52", "author": "Boris Petrov", "text": "Hello Ann,\n\nit comes on Monday."}],
    "keepable": True,
    "reached": "",
    "readers": [],
    "spam": True,
    "adds": "anna@home.example",
    "rule": "monday-report",
}
OPTIONAL: Mapping[str, object] = {
    "warnings": (),
    "notes": (),
    "history": (),
    "why": "",
    "why_sent": False,
    "incoming": 0,
    "held": {},
    "sender": "",
    "count": 0,
    "tickets": (),
    "asked": "",
    "outcome": "",
    "listed": (),
    "said": (),
    "commands": (),
    "canned": (),
    "files": (),
    "tasks": (),
    "task": {"news": "", "number": 0, "title": "", "agent": "", "due": "", "made_by": "", "by": "", "mine": False},
    "todo": (),
    "personal": "",
    "may_ask": False,
    "may_use_personal": False,
    "may_add": False,
    "until": "",
    "device": {
        "program": "",
        "address": "",
        "agent": "",
        "proof": "",
        "mechanism": "",
        "read": "",
        "signature": "",
        "commands": (),
    },
    "works": (),
    "changes": (),
    "absence": {"until": "", "deputy": ""},
    "absent": "",
    "mendable": False,
    "offer": (),
    "answers": (),
    "keepable": False,
    "reached": "",
    "readers": (),
    "spam": False,
    "adds": "",
    "rule": "",
    "match": {},
    "limit": "",
    "reply_to": "",
    "unsent": False,
    "answer_by": "",
    "copies": (),
    "writer": "",
    "customer": {},
    "snoozed": "",
    "reference": "",
    "actions": {},
}
FOR_AGENTS = frozenset(
    {
        "notification",
        "task",
        "escalation",
        "unverified",
        "command-failed",
        "kept-as-note",
        "held-back",
        "taken-back",
        "crossed",
        "digest-storm",
        "digest-notifications",
        "attention",
        "quarantined",
        "backlog",
        "control",
        "shown",
        "personal-address",
        "welcome",
        "welcome-answer",
    }
)
FOR_CUSTOMERS = frozenset(
    {"received", "waiting", "closed", "reopened", "passed-on", "passed-to-specialist", "oversize", "faq-password", "answer", "forwarded"}
)
ABOUT_NO_TICKET = frozenset(
    {"attention", "quarantined", "backlog", "unverified", "control", "personal-address", "welcome", "welcome-answer"}
)
FOR_RULES = frozenset({"escalation", "backlog", "faq-password", "forwarded"})
"""Kinds of ours that nothing but a rule sends."""
_ANSWERED = {"quoted": "Where is it?\n\nAnn", "quoted_from": "Ann Smith <ann@globex.example>", "body": "Hello Ann,\n\nit is on its way."}
_SENT_ON = {"quoted_from": "Ann Smith <ann@globex.example>", "body": "Hello,\n\nmy printer needs a new drum."}
_OF_KIND: Mapping[str, Mapping[str, object]] = {"answer": _ANSWERED, "forwarded": _SENT_ON, "oversize": {"limit": "25 MiB"}}


@dataclass(frozen=True, slots=True)
class Handed:
    """The values one rule hands to letters of a kind, made up where mail decides them. `place` is the rule's."""

    kind: str
    rule: str
    place: Place
    values: Mapping[str, object]


def values_handed(kind: str, handed: Iterable[Handed]) -> Mapping[str, object]:
    """All that rules hand to letters of this kind, the first of them deciding; "" is for what letters of every kind share."""
    given: dict[str, object] = {}
    for item in handed:
        if kind in ("", item.kind):
            given = {**item.values, **given}
    return given


def is_sent_unasked(kind: str) -> bool:
    """Whether the desk sends such letters by itself, so that no rule can be relied on to hand them anything."""
    return kind in (FOR_AGENTS | FOR_CUSTOMERS) - FOR_RULES


def sample_values(kind: str, tag: str = SAMPLE_TAG) -> Mapping[str, object]:
    """Made-up values of a letter of this kind. A kind that is not ours may use what every letter has, and what agents' letters have."""
    every_letter = {**_EVERY_LETTER, "ticket": {**_TICKET, "tag": tag}}
    if kind in FOR_CUSTOMERS:
        return {**every_letter, **_OF_KIND.get(kind, {})}
    return {**every_letter, **_FOR_AGENTS}
