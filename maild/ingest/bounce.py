"""Which letter of ours a report is about (MAIL.md B2). Pure; without a valid MAC a report changes nothing."""

from collections.abc import Iterable

from maild.message import Report
from maild.tokens import LetterToken, Tokens


def find_bounced_letter(report: Report, tokens: Tokens, related: Iterable[str] = ()) -> LetterToken | None:
    """The first id of a letter of ours: those in what the report returns, in B2's order, then `related`, the ids of its own In-Reply-To
    and References. None: no id carries a MAC of ours."""
    found = (tokens.read_message_id(identifier) for identifier in (*report.returned_ids, *related))
    return next((letter for letter in found if letter), None)
