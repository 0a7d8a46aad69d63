"""What agents answer straight to customers, with the desk in copy, through the real walk and store (MAIL.md A10, A15)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.ticket import Status
from tests.doors.test_forwarded_mail import ANN, DESK, Office, Opened
from tests.rig.mails import a_reply, an_email
from tests.rig.office import text_of
from tests.rig.replay import a_replay

PASSED, NOT_JUDGED, FAILED = (
    {"Authentication-Results": f"mx.acme.example; dmarc={verdict} header.from=acme.example"} for verdict in ("pass", "none", "fail")
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with a_replay(tmp_path, DESK) as desk:
        yield Office(desk)


def asked(office: Office) -> Opened:
    """She wrote to the desk and to an agent."""
    copied = {"Cc": "anna@acme.example"}
    return office.opened(
        an_email(sender=ANN, subject="My chair", body="It is broken.\n", message_id="chair@globex.example", headers=copied)
    )


def answer(
    office: Office, judged: dict[str, str], *, sender: str = "Anna Ivanova <anna@acme.example>", to: str = ANN, **more: str
) -> int | None:
    body = more.pop("body", "A new one is on its way.\n\n> It is broken.\n")
    headers = judged | {"Cc": "support@acme.example, bob@globex.example"}
    return office.receive(
        a_reply(in_reply_to="chair@globex.example", sender=sender, to=to, subject="Re: My chair", body=body, headers=headers)
    )


def test_it_is_the_answer_and_nobody_gets_it_twice(office: Office):
    opened = asked(office)
    before = len(office.letters("ann@globex.example"))
    assert answer(office, PASSED) == opened.number
    ticket = opened.ticket
    assert (ticket.status, ticket.owner, ticket.agent_messages) == (Status.WAITING, "anna", 1)
    assert [person.address for person in ticket.cc] == ["bob@globex.example"]
    assert opened.said[-1] == ("anna@acme.example", "agent", "A new one is on its way.")
    assert (len(office.letters("ann@globex.example")), office.letters("bob@globex.example")) == (before, [])
    assert opened.events("answered") == ["straight to the customer; not sent again"]
    assert len(opened.events("sent_directly")) == 1
    later = a_reply(in_reply_to="chair@globex.example", sender=ANN, subject="Re: My chair", body="Thank you, and when is that?\n")
    assert office.receive(later) == opened.number
    assert opened.ticket.status is Status.OPEN


def test_a_command_in_it_is_text_that_the_customer_has(office: Office):
    opened = asked(office)
    answer(office, PASSED, body="#close\nDone.\n")
    assert (opened.ticket.status, opened.said[-1][2]) == (Status.WAITING, "#close\nDone.")


def test_the_owner_is_told(office: Office):
    """By the tag in the subject: the colleague was not in copy of her mail."""
    opened = asked(office)
    answer(office, PASSED)
    told, subject = len(office.letters("anna@acme.example")), str(office.letters("boris@acme.example")[0]["Subject"])
    copied = PASSED | {"Cc": "support@acme.example"}
    office.receive(an_email(sender="Boris Petrov <boris@acme.example>", to=ANN, subject=subject, body="It has left.\n", headers=copied))
    assert (opened.ticket.owner, opened.said[-1][1:]) == ("anna", ("agent", "It has left."))
    assert text_of(office.letters("anna@acme.example")[told]).count("It has left.") == 1


def test_unproven_it_is_a_note_and_changes_nothing(office: Office):
    """A15."""
    opened = asked(office)
    assert answer(office, NOT_JUDGED) == opened.number
    assert opened.said[-1] == ("anna@acme.example", "note", "A new one is on its way.")
    assert (opened.ticket.status, opened.ticket.owner, opened.ticket.cc) == (Status.NEW, None, ())


@pytest.mark.parametrize(
    ("judged", "more"),
    [(FAILED, {}), (NOT_JUDGED, {"sender": "anna@acme.example, eve@else.example"}), (NOT_JUDGED, {"to": "eve@else.example"})],
)
def test_what_is_doubtful_or_went_to_somebody_else_is_held(office: Office, judged: dict[str, str], more: dict[str, str]):
    """A2, A4."""
    opened = asked(office)
    assert answer(office, judged, **more) is None
    assert [kind for _, kind, _ in opened.said] == ["customer"]
