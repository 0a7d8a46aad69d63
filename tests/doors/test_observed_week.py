"""A week in which a desk observes, hour by hour through the real walk and store, and the report of it (PRODUCT 34a; MAIL.md A10, A15)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.documents import report_document
from maild.config.settings import Mode
from maild.effects import IncomingState
from maild.ingest.arrival import Part
from maild.message import MessageClass
from maild.reports.metrics import build_report
from maild.store import outbox
from maild.store.traffic import find_traffic
from maild.traffic import Period
from tests.rig.mails import Headers, a_reply, an_email
from tests.rig.replay import Replay, a_replay

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
trust: {authserv_ids: [mx.acme.example]}
queues:
  support: {address: support@acme.example, agents: [anna, boris], lead: boris, mode: observe,
    mailbox: {host: localhost, security: none, username: u, password: p}}
  sales: {address: sales@acme.example, agents: [boris], lead: boris, mode: observe, mailbox: support}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example}}
"""
RULES = """
rules:
  - {id: prizes, when: mail.received, if: {subject: {word: prize}}, do: [{quarantine: they promise prizes}], stop: true}
  - {id: payment, when: ticket.created, if: {text: {word: invoice}}, do: [{tag: [payment]}, {set: {priority: high}}, {assign: boris}]}
  - {id: quotes, when: ticket.created, if: {subject: {word: quote}}, do: [{set: {queue: sales}}]}
  - {id: goodbye, when: ticket.created, if: {subject: Unsubscribe}, do: [{close: {template: closed}}]}
  - {id: password, when: ticket.created, if: {text: {word: password}}, do: [{reply: {template: faq-password}}, {tag: [faq]}]}
  - {id: refund, mode: shadow, when: ticket.created, if: {text: {word: refund}}, do: [{reply: {template: faq-password}}, {tag: [refund]}]}
  - {id: magic, when: ticket.created, if: {text: {word: xyzzy}}, do: [{tag: [magic]}]}
  - {id: nobody, when: {after: 1d, while: {replies.agent: 0, status: [new, open]}}, do: [{notify: {who: lead, template: escalation}}]}
  - {id: silent, when: {after: 2d, while: {status: waiting}}, do: [{close: {template: closed}}]}
  - id: backlog
    when: {cron: "0 8 * * fri", each: once}
    if: {queue.length: {gt: 0}}
    do: [{notify: {who: [lead, admins], template: backlog}}]
"""
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = Period(MONDAY, MONDAY + 7 * DAY)
DAYS = ("sun before", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
SUPPORT, SALES, ANNA = "support@acme.example", "sales@acme.example", "Anna <anna@acme.example>"
PROVEN = {"Authentication-Results": "mx.acme.example; dmarc=pass header.from=acme.example"}
MACHINE, AWAY = {"Auto-Submitted": "auto-generated"}, {"Auto-Submitted": "auto-replied"}


def moment(when: str) -> datetime:
    """As `tue 9:30`."""
    day, _, clock = when.rpartition(" ")
    hour, minute = clock.split(":")
    return MONDAY + (DAYS.index(day) - 1) * DAY + timedelta(hours=int(hour), minutes=int(minute))


@dataclass(frozen=True, slots=True)
class Played:
    """A mail as it reaches the mailbox."""

    when: str
    raw: bytes
    part: Part = Part.INBOX


def asks(
    when: str, who: str, subject: str, body: str = "Good day\n", *, to: str = SUPPORT, headers: Headers = (), part: Part = Part.INBOX
) -> Played:
    """Its id is its subject's first word."""
    raw = an_email(sender=address(who), to=to, subject=subject, body=body, headers=headers, message_id=f"{subject.split()[0]}@mail.example")
    return Played(when, raw, part)


def replies(when: str, who: str, parent: str, *, to: str = SUPPORT, headers: Headers = (), part: Part = Part.INBOX) -> Played:
    """To the mail with that id; its own is longer by the time."""
    name = f"{parent}-{when.replace(' ', '-').replace(':', '.')}@mail.example"
    raw = a_reply(
        in_reply_to=f"{parent}@mail.example", sender=address(who), to=address(to), subject="Re: that", headers=headers, message_id=name
    )
    return Played(when, raw, part)


def team(when: str, parent: str, to: str, *, sender: str = SUPPORT, headers: Headers = ()) -> Played:
    """Somebody answers with a mail program, in the department's name."""
    return replies(when, sender, parent, to=to, headers=headers, part=Part.SENT)


def address(who: str) -> str:
    return who if "@" in who else f"{who}@{who}.example"


LIVED = (
    asks("sun before 20:00", "zoe", "Earlier"),
    team("mon 8:00", "Earlier", "zoe"),
    asks("mon 8:00", "ann", "Printer"),
    asks("mon 8:30", "bob", "Money", "Where is the invoice?\n"),
    team("mon 9:00", "Printer", "ann"),
    replies("mon 10:00", "ann", "Printer-mon-9.00"),
    replies("mon 10:30", "zoe", "Earlier-mon-8.00"),
    asks("mon 11:00", "carl", "Chair", headers={"Cc": ANNA}),
    team("mon 12:00", "Printer-mon-9.00-mon-10.00", "ann"),
    asks("mon 12:00", "dora", "Price", to=SALES),
    asks("mon 13:00", "emil", "Quote wanted"),
    team("mon 14:00", "Price", "dora", sender=SALES),
    replies("mon 15:00", "ann", "Printer-mon-9.00", headers=AWAY),
    replies("tue 8:00", "dora", "Price-mon-14.00", to=SALES),
    asks("tue 9:00", "fay", "Both", to=f"{SUPPORT}, {SALES}"),
    team("tue 9:00", "Price-mon-14.00-tue-8.00", "dora", sender=SALES),
    asks("tue 10:00", "gus", "Unsubscribe"),
    asks("tue 11:00", "hal", "Login", "I forgot my password.\n", headers={"Cc": ANNA}),
    asks("tue 12:00", "ida", "Return", "I want a refund.\n", to=SALES),
    replies("tue 15:00", ANNA, "Chair", to="carl", headers=PROVEN | {"Cc": SUPPORT}),
    replies("tue 15:15", ANNA, "Login", to="hal", headers={"Cc": SUPPORT}),
    asks("tue 15:30", "jan", "Absent", headers=AWAY),
    asks("tue 16:00", "eve", "Pills", headers={"X-Spam-Flag": "YES"}),
    asks("wed 8:00", "eva", "Your prize"),
    asks("wed 9:00", "eda", "The prize", to=SALES),
    asks("wed 9:30", "edd", "Watches", part=Part.JUNK),
    asks("wed 9:45", "lou", "Printers", headers={"List-Id": "<printers.example>"}),
    replies("wed 10:00", "bob", "Money"),
    team("wed 11:00", "Money", "boris@acme.example"),
    team("wed 11:30", "Return", "ida", sender=SALES),
    asks("thu 8:00", "disk", "Full", headers=MACHINE),
    team("thu 9:00", "nothing", "new"),
    team("thu 13:00", "Quote", "emil", sender=SALES),
    team("thu 14:00", "Printer", "ann", headers=AWAY),
    replies("fri 8:30", "ann", "Printer-mon-9.00"),
    asks("fri 9:00", "kim", "Late"),
    asks("fri 9:30", ANNA, "list", headers=PROVEN),
    asks("fri 10:00", "leo", "Offer", to=SALES),
    team("sat 9:00", "Offer", "leo", sender=SALES),
    asks("sun 20:00", "mia", "Sunday"),
)


def live_through(desk: Replay) -> None:
    """Every hour the desk reads what has come, and asks the rules whose time it is."""
    waiting, now = list(LIVED), moment(LIVED[0].when)
    while now < WEEK.until:
        while waiting and moment(waiting[0].when) <= now:
            played = waiting.pop(0)
            desk.receive(played.raw, moment(played.when), part=played.part)
        desk.come_round(now)
        now += HOUR
    assert waiting == []


def unanswered(number: int, when: str, hours: float, who: str, subject: str, *, perhaps_answered: bool = False) -> dict[str, Any]:
    return {
        "number": number,
        "asked": moment(when),
        "hours": hours,
        "requester": {"name": "", "address": address(who)},
        "subject": subject,
        "perhaps_answered": perhaps_answered,
    }


def unsent(kind: str, template: str, letters: int) -> dict[str, Any]:
    return {"kind": kind, "template": template, "letters": letters}


def ruled(rule: str, fired: int, *actions: str, would_have: int = 0) -> dict[str, Any]:
    """Each time it did the same."""
    done = [{"action": words, "times": fired + would_have} for words in actions]
    return {"rule": rule, "fired": fired, "would_have_fired": would_have, "broke": 0, "actions": done}


def kept_out(reason: str, mails: int) -> dict[str, Any]:
    return {"state": IncomingState.QUARANTINED, "reason": reason, "mails": mails}


def automatic(message_class: MessageClass, mails: int, kept_out: int) -> dict[str, Any]:
    return {"class": message_class, "mails": mails, "kept_out": kept_out}


OF_SUPPORT = {
    "queue": "support",
    "mode": Mode.OBSERVE,
    "requests": 9,  # ann, bob, carl, fay, gus, hal, lou, kim, mia; zoe's is older, emil's is sales', and a disk asks nothing
    "customers_mails": 13,  # ann, bob once more, ann a third time, and zoe
    "answered": 2,  # ann after one hour, elsewhere; carl by Anna herself after 28; what Boris got about bob's is none, hal's is unproven
    "answered_elsewhere": 1,
    "never_answered": 6,
    "perhaps_answered": 1,
    "closed": 2,  # carl's and gus'; ann has opened hers again
    "first_answer": {"median_hours": 14.5, "p90_hours": 28.0},
    "oldest_unanswered": [
        unanswered(3, "mon 8:30", 159.5, "bob", "Money"),
        unanswered(7, "tue 9:00", 135.0, "fay", "Both"),
        unanswered(9, "tue 11:00", 133.0, "hal", "Login", perhaps_answered=True),
        unanswered(11, "wed 9:45", 110.25, "lou", "Printers"),
        unanswered(13, "fri 9:00", 63.0, "kim", "Late"),
        unanswered(15, "sun 20:00", 4.0, "mia", "Sunday"),
    ],
    "sent_about_nothing": 1,  # what went to somebody new; an absence told to ann is none
    "automatic": [
        automatic(MessageClass.LIST, 1, 0),
        automatic(MessageClass.AUTO_GENERATED, 1, 0),
        automatic(MessageClass.AUTO_REPLY, 2, 1),  # ann's came to her ticket
    ],
    "not_sent": [
        unsent("notification", "notification", 27),  # both agents of ten tickets, and of what zoe and ann (twice) added; bob's are Boris'
        unsent("notification", "escalation", 7),
        unsent("ack", "received", 6),  # neither gus nor hal, who get other letters, nor a list
        unsent("status", "closed", 3),
        unsent("notification", "backlog", 2),
        unsent("ack", "faq-password", 1),
        unsent("notification", "control", 1),
    ],
    "rules": [
        ruled("nobody", 7, "notified lead with escalation"),  # bob, carl, fay, hal, lou, kim and the disk
        ruled("silent", 2, "closed with closed"),
        ruled("goodbye", 1, "closed with closed"),
        ruled("password", 1, "replied with faq-password", "tagged faq"),
        ruled("payment", 1, "assigned to boris", "priority set to high", "tagged payment"),
        ruled("prizes", 1, "quarantined: they promise prizes"),
    ],
    "doubts": [kept_out("spam", 2), kept_out("auto", 1), kept_out("they promise prizes", 1)],
}
OF_SALES = {
    "queue": "sales",
    "mode": Mode.OBSERVE,
    "requests": 4,  # dora, emil, ida and leo, after 2, 72, 23.5 and 23 hours
    "customers_mails": 5,
    "answered": 4,
    "answered_elsewhere": 4,
    "never_answered": 0,
    "perhaps_answered": 0,
    "closed": 3,
    "first_answer": {"median_hours": 23.25, "p90_hours": 72.0},
    "oldest_unanswered": [],
    "sent_about_nothing": 0,
    "automatic": [],
    "not_sent": [
        unsent("notification", "notification", 5),
        unsent("ack", "received", 4),
        unsent("status", "closed", 3),
        unsent("notification", "escalation", 1),
    ],
    "rules": [
        ruled("silent", 3, "closed with closed"),
        ruled("nobody", 1, "notified lead with escalation"),
        ruled("prizes", 1, "quarantined: they promise prizes"),
        ruled("quotes", 1, "queue set to sales"),
        ruled("refund", 0, "would have: replied with faq-password", "would have: tagged refund", would_have=1),
    ],
    "doubts": [kept_out("they promise prizes", 1)],
}
OF_NOBODY = {
    "queue": None,
    "mode": None,
    **{
        figure: 0
        for figure in ("requests", "customers_mails", "answered", "answered_elsewhere", "never_answered", "perhaps_answered", "closed")
    },
    "first_answer": None,
    "oldest_unanswered": [],
    "sent_about_nothing": 0,
    "automatic": [],
    "not_sent": [],
    "rules": [ruled("backlog", 1, "notified lead, admins with backlog")],
    "doubts": [],
}


def test_the_report_of_an_observed_week_says_all_that_happened_and_nobody_got_a_letter(tmp_path: Path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "10.yaml").write_text(RULES, encoding="utf-8")
    with a_replay(tmp_path, DESK) as desk:
        live_through(desk)
        with desk.store.reading() as tx:
            assert (desk.letters, list(outbox.list_outbox(tx))) == ({}, [])
            traffic = find_traffic(tx, WEEK)
        report = report_document(build_report(traffic, WEEK, desk.office.desk.settings, WEEK.until), None)
    support, sales, nobody = report["queues"]
    assert support == OF_SUPPORT
    assert sales == OF_SALES
    assert nobody == OF_NOBODY
