"""The final scan (MAIL.md A8)."""

from maild.outbox.leaks import find_leak
from maild.tokens import LetterKind
from tests.rig.letters import TOKENS

ADDRESSES = ("Anna@acme.example", "anna@xn--mnchen-3ya.example")
TOKEN = TOKENS.mint_message_id(LetterKind.NOTIFICATION, 1042, 77, "anna")


def check(text: str, expected: str | None) -> None:
    reason = find_leak(text, ADDRESSES)
    assert (reason.code if reason else None) == expected


def test_addresses_and_tokens_are_found_however_they_are_dressed():
    check("write to anna@acme.example.", "agent-address")
    check("ANNA@ACME.EXAMPLE", "agent-address")
    check("anna<b></b>@acme.example", "agent-address")
    check("anna&#64;acme.example", "agent-address")
    check("an\u200bna@acme.example", "agent-address")
    check("&#65;nna@acme.example", "agent-address")
    check('<a href="mailto:%41nna%40acme.example">me</a>', "agent-address")
    check("写信给anna@acme.example", "agent-address")
    check("anna@xn--mnchen-3ya.example", "agent-address")
    check("anna@münchen.example", "agent-address")
    check(f"<{TOKEN}>", "agent-token")
    check(TOKEN.upper(), "agent-token")
    check("maild-ref: something", "agent-token")
    check(TOKENS.mint_message_id(LetterKind.WELCOME, 0, 77, "anna"), "agent-token")
    check(f"support+{TOKENS.mint_welcome(77, 'anna')}@acme.example", "agent-token")


def test_a_personal_address_is_found_and_a_customers_own_addresses_pass():
    """A3, A8."""
    for agent in ("anna", "anna.i-2", "r2d2"):
        personal = f"support+{TOKENS.mint_personal(agent)}@acme.example"
        check(f"On Friday {personal} wrote:", "agent-token")
        check(personal.upper().replace("@", "&#64;"), "agent-token")
        check(f"mailto:{personal.replace('+', '%2B')}", "agent-token")
    for detail in (TOKENS.mint_reply(1042), TOKENS.mint_bounce(77, 1)):
        check(f"support+{detail}@acme.example", None)
    check("C++.decentralisation, x+y.20261120100211.ga@globex.example, ann+lists.shopping@globex.example", None)


def test_the_rest_passes():
    check("write to support@acme.example", None)
    check("write to joanna@acme.example", None)
    check("100% of anna%40 at acme.example", None)
    check("Hello Anna, see version n.1.2.3", None)
    check(TOKENS.mint_message_id(LetterKind.ANSWER, 1042, 77), None)
    check(TOKENS.mint_anchor(1042), None)
    check("<p>fine &amp; well</p>", None)
