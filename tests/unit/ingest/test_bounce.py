"""Which letter a report is about (MAIL.md B2)."""

from maild.ingest.bounce import find_bounced_letter
from maild.message import Report, ReportKind
from maild.tokens import LetterKind, LetterToken, Tokens
from tests.builders import some_tokens

OURS = some_tokens().mint_message_id(LetterKind.ANSWER, 1042, 77)
LATER = some_tokens().mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 78)
FORGED = Tokens([b"x" * 32], "acme.example", ["Acme"]).mint_message_id(LetterKind.ANSWER, 1042, 77)
LETTER = LetterToken(LetterKind.ANSWER, 1042, 77, None)


def check(returned: tuple[str, ...], related: tuple[str, ...], expected: LetterToken | None) -> None:
    report = Report(ReportKind.BOUNCE, (), returned, "a sign")
    assert find_bounced_letter(report, some_tokens(), related) == expected


def test_the_first_valid_id_of_ours_names_the_letter() -> None:
    check((OURS,), (), LETTER)
    check(("77", "x@elsewhere.example", OURS, LATER), (), LETTER)
    check((), (OURS,), LETTER)
    check((OURS,), (LATER,), LETTER)


def test_without_a_valid_mac_a_report_is_about_nothing_of_ours() -> None:
    check((), (), None)
    check((FORGED,), (), None)
    check((OURS.replace("1042", "1043"),), (), None)
    check(("x@elsewhere.example",), ("y@elsewhere.example",), None)
