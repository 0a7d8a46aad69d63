"""Delivery reports turned into reports about a letter of ours: its id in place of the returned one, or sent to its bounce address."""

import re
from collections.abc import Callable
from email.message import EmailMessage

from maild.effects import Decision
from maild.ingest.parse import parse_message
from maild.known import Known
from maild.known_letter import BouncedLetter, KnownLetter
from maild.pipeline import Desk, consider
from maild.question import Question
from maild.reading import Circumstances
from maild.rules.ruleset import NO_RULES
from maild.tokens import LetterKind
from tests.builders import NOW, a_ticket, some_settings, some_tokens
from tests.rig.mails import an_email

_BOUNCE = """\
--=_b
Content-Type: text/plain; charset=utf-8

The mail could not be delivered.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.elsewhere.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--=_b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: returned

--=_b--
"""

TOKENS = some_tokens()
LETTER = KnownLetter(77, TOKENS.mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 77), LetterKind.ACKNOWLEDGEMENT, 1042, None, False, NOW)
RECIPIENT = "ann@globex.example"
BOUNCE_ADDRESS = f"support+{TOKENS.mint_bounce(77, 1)}@acme.example"
_RETURNED_ID = re.compile(rb"^([>| \t]{0,20}message-id:\s{0,20})<?[^<>\s]{1,995}>?", re.IGNORECASE | re.MULTILINE)


def with_our_id(raw: bytes, message_id: str = LETTER.message_id) -> bytes:
    """The report as it would be if the returned mail had been our letter. Where no id is returned, nothing changes."""
    head, blank, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    return head + blank + _RETURNED_ID.sub(rb"\1<" + message_id.encode() + b">", body)


def sent_to(raw: bytes, address: str = BOUNCE_ADDRESS) -> bytes:
    """The report as our server hands it over when it was sent to this address."""
    return f"Delivered-To: {address}\n".encode() + raw


def decided(raw: bytes) -> Decision:
    """What the walk makes of a mail, on a desk that has ticket 1042 and the acknowledgement 77 about it, and knows nothing else."""
    desk = Desk(some_settings(), NO_RULES, TOKENS)
    return consider(parse_message(raw), Circumstances("support"), _asking(), desk, NOW)


def is_about_our_letter(decision: Decision) -> bool:
    return decision.before is not None and decision.before.number == LETTER.ticket


def changes_something(decision: Decision) -> bool:
    """Whether it opens a ticket, changes one, or writes to anybody."""
    return decision.after != decision.before or bool(decision.letters)


def _asking() -> Callable[[Question], Known]:
    def answer(question: Question) -> Known:
        letters = {77: LETTER} if 77 in question.letters else {}
        tickets = {1042: a_ticket()} if letters or 1042 in question.tickets else {}
        return Known(tickets=tickets, letters=letters, bounced=BouncedLetter(77, (RECIPIENT,)) if question.bounced == 77 else None)

    return answer


def a_bounce_of(letter: EmailMessage, to: str) -> bytes:
    """What a mail server makes of this letter of ours where it knows no such user, sent to this address."""
    body = _BOUNCE.format(recipient=letter["To"], message_id=letter["Message-ID"])
    report = 'multipart/report; report-type=delivery-status; boundary="=_b"'
    return an_email(sender="MAILER-DAEMON@mx.elsewhere.example", to=to, subject="Undelivered", body=body, content_type=report)
