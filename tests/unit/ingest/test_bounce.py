"""Which letter a report is about, and which of its recipients (MAIL.md B2, B3)."""

from maild.ingest.bounce import Bounced, find_bounced_letter, find_failed_recipients
from maild.message import BouncedRecipient, BounceKind, Report, ReportKind
from maild.tokens import LetterKind, Tokens
from tests.builders import some_tokens

TOKENS = some_tokens()
FOREIGN = Tokens([b"x" * 32], "acme.example", ["Acme"])
OURS = TOKENS.mint_message_id(LetterKind.ANSWER, 1042, 77)
LATER = TOKENS.mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 78)
FORGED = FOREIGN.mint_message_id(LetterKind.ANSWER, 1042, 77)
TO_BOB = TOKENS.mint_bounce(76, 2)


def check(
    letter: int | None,
    position: int | None = None,
    *,
    returned: tuple[str, ...] = (),
    details: tuple[str, ...] = (),
    related: tuple[str, ...] = (),
) -> None:
    found = find_bounced_letter(a_report(returned=returned), TOKENS, details, related)
    assert (found and (found.letter, found.position)) == (letter and (letter, position)), found


def a_report(*recipients: BouncedRecipient, kind: ReportKind = ReportKind.BOUNCE, returned: tuple[str, ...] = ()) -> Report:
    return Report(kind, recipients, returned, "a sign")


def test_the_first_valid_id_of_ours_names_the_letter() -> None:
    check(77, returned=(OURS,))
    check(77, returned=("77", "x@elsewhere.example", OURS, LATER))
    check(77, related=(OURS,))
    check(77, returned=(OURS,), related=(LATER,))


def test_the_bounce_address_comes_first_and_names_the_recipient_too() -> None:
    check(76, 2, details=("anything", TO_BOB.upper()), returned=(OURS,), related=(LATER,))
    check(76, 2, returned=(TO_BOB, OURS))
    check(76, 2, returned=(f"{TO_BOB}@acme.example",))
    assert find_bounced_letter(a_report(), TOKENS, (TO_BOB,)) == Bounced(76, 2, "it was sent to the bounce address")


def test_without_a_valid_mac_a_report_is_about_nothing_of_ours() -> None:
    check(None)
    check(None, returned=(FORGED,))
    check(None, returned=(OURS.replace("1042", "1043"),))
    check(None, returned=("x@elsewhere.example",), related=("y@elsewhere.example",))
    check(None, details=(FOREIGN.mint_bounce(76, 2), TOKENS.mint_reply(1042), "b76.2"), returned=(FOREIGN.mint_bounce(76, 2),))


ANN = BouncedRecipient("ann@globex.example", BounceKind.SOFT, True, "4.2.2", "mailbox full")
BOB = BouncedRecipient("bob@elsewhere.example", None, True, "", "no such user")


def test_a_report_is_about_the_recipient_its_envelope_was_made_for() -> None:
    assert find_failed_recipients(a_report(ANN, BOB), "") == (ANN, BOB)
    assert find_failed_recipients(a_report(BOB, ANN), "Ann@globex.example") == (
        BouncedRecipient("Ann@globex.example", BounceKind.SOFT, True, "4.2.2", "mailbox full"),
    )


def test_a_report_that_names_another_or_nobody_is_about_him_all_the_same() -> None:
    hard = BounceKind.HARD
    assert find_failed_recipients(a_report(BOB), "bob@globex.example") == (
        BouncedRecipient("bob@globex.example", hard, True, "", "no such user"),
    )
    assert find_failed_recipients(a_report(), "bob@globex.example") == (BouncedRecipient("bob@globex.example", hard, True, "", "a sign"),)
    relayed = BouncedRecipient("bob@globex.example", None, False, "2.1.9", "")
    assert find_failed_recipients(a_report(relayed), "bob@globex.example") == (relayed,)
    late = a_report(kind=ReportKind.DELAY)
    assert find_failed_recipients(late, "bob@globex.example") == (BouncedRecipient("bob@globex.example", None, False, "", "a sign"),)
    complaint = a_report(kind=ReportKind.ARF)
    assert find_failed_recipients(complaint, "bob@globex.example") == (BouncedRecipient("bob@globex.example", None, False, "", "a sign"),)
    assert find_failed_recipients(a_report(ANN, kind=ReportKind.MDN), "bob@globex.example") == (ANN,)
