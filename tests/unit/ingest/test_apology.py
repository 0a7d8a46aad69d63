"""Exchange's apology for a message it cannot hand over."""

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.apology import is_apology
from tests.rig.mails import APOLOGY, an_apology, an_email


def check(raw: bytes, expected: bool) -> None:
    assert is_apology(raw) is expected


def test_it_is_known_by_sender_subject_and_text():
    check(APOLOGY, True)
    check(APOLOGY.replace(b"\r\n", b"\n"), True)
    check(an_apology(sender='"Microsoft Exchange Server"'), True)
    check(an_apology(text="The server could not retrieve the following message:"), True)
    check(an_apology(text="The server couldn\N{RIGHT SINGLE QUOTATION MARK}t retrieve the following message:"), True)
    check(an_apology(text="The server couldn=E2=80=99t retrieve the following=\r\n message:"), True)


def test_two_of_the_three_are_not_enough():
    check(an_apology(sender="Ann Smith <ann@globex.example>"), False)
    check(an_apology(subject="Fwd: Retrieval using the IMAP4 protocol failed for the following message: 7"), False)
    check(an_apology(text="Your mailbox is almost full."), False)


def test_a_mail_about_it_is_a_mail():
    check(an_email(body=APOLOGY.decode()), False)
    check(b"", False)


@given(st.binary(max_size=400))
def test_anything_can_be_asked_about(raw: bytes):
    is_apology(raw)
