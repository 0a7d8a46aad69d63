"""Who sent a mail and how that is proved: where agents' tokens stand, and what they prove (MAIL.md A1-A3)."""

from typing import Any

from maild.ingest.sender import Sender, TokenPlace, identify
from maild.ingest.witness import Witness
from maild.message import Address
from maild.tokens import LetterKind
from tests.builders import ANN, a_message, some_settings, some_tokens

TOKENS = some_tokens()
ANNA = Address("Anna Ivanova", "anna@acme.example")
NOTICE = TOKENS.mint_message_id(LetterKind.NOTIFICATION, 1042, 78, "anna")
LINE = TOKENS.mint_reference_line(1042, 78, "anna")


def address_of(agent: str) -> str:
    return f"support+{TOKENS.mint_answer(1042, 78, agent)}@acme.example"


def sent_by(author: Address, **message: Any) -> Sender:
    return identify(a_message(header_from=(author,), **message), None, some_settings(), TOKENS)


def check(place: TokenPlace, **message: Any) -> None:
    found = sent_by(ANNA, **message)
    assert found.proven
    assert found.token
    assert (found.token.place, found.token.token.letter) == (place, 78)


def test_an_agents_token_is_found_wherever_clients_leave_it() -> None:
    check(TokenPlace.IN_REPLY_TO, in_reply_to=(NOTICE,))
    check(TokenPlace.RECIPIENT, to=(Address("", address_of("anna")),))
    check(TokenPlace.RECIPIENT, recipients=(address_of("anna").upper(),), references=(NOTICE,), text=LINE)
    check(TokenPlace.REFERENCES, references=(NOTICE, "x@y.example"), text=LINE)
    check(TokenPlace.REFERENCE_LINE, text=f"> {LINE}")


def test_a_token_proves_the_agent_it_was_made_for_and_nobody_else() -> None:
    for message in ({"to": (Address("", address_of("boris")),)}, {"to": (Address("", address_of("anna").replace("78", "79")),)}, {}):
        assert not sent_by(ANNA, **message).proven
    stranger = sent_by(ANN, to=(Address("", address_of("anna")),))
    assert (stranger.agent, stranger.proven, stranger.strange_token) == (None, False, True)
    assert sent_by(ANNA, to=(Address("", address_of("boris")),)).strange_token


def test_the_token_of_a_welcome_is_found_in_the_same_places_and_proves_nothing() -> None:
    """PRODUCT 34c."""
    identifier = TOKENS.mint_message_id(LetterKind.WELCOME, 0, 79, "anna")
    line = TOKENS.mint_reference_line(0, 79, "anna", LetterKind.WELCOME)
    address = f"support+{TOKENS.mint_welcome(79, 'anna')}@acme.example"
    for place, message in (
        (TokenPlace.IN_REPLY_TO, {"in_reply_to": (identifier,)}),
        (TokenPlace.RECIPIENT, {"to": (Address("", address),)}),
        (TokenPlace.REFERENCES, {"references": (identifier,)}),
        (TokenPlace.REFERENCE_LINE, {"text": f"> {line}"}),
    ):
        for author in (ANNA, ANN):
            found = sent_by(author, **message)
            assert found.welcome is not None
            assert (found.welcome.place, found.welcome.token.agent) == (place, "anna")
            assert (found.proven, found.vouched, found.token, found.strange_token) == (False, False, None, False)


def test_an_agents_own_address_is_a_login_of_his_without_further_words() -> None:
    """S1a."""
    for login, expected in ((ANNA.address, True), ("boris@acme.example", False)):
        received = f"from x (Authenticated sender: {login}) by mx.acme.example (Postfix) with ESMTPSA id 4"
        message = a_message(header_from=(ANNA,), headers={"Received": received})
        found = identify(message, Witness(frozenset({"mx.acme.example"})), some_settings(), TOKENS)
        assert found.authenticated is expected


def personal(agent: str) -> Address:
    return Address("", f"support+{TOKENS.mint_personal(agent)}@acme.example")


def test_a_personal_address_vouches_for_fresh_mail_of_its_agent_alone() -> None:
    """A3."""
    found = sent_by(ANNA, to=(personal("anna"),))
    assert (found.vouched, found.personal, found.proven, found.authenticated, found.personal_of) == (True, True, False, False, None)
    assert sent_by(ANNA, recipients=(personal("anna").address.upper(),)).vouched
    for author, whose in ((ANNA, "boris"), (ANN, "anna")):
        strange = sent_by(author, to=(personal(whose),))
        assert (strange.vouched, strange.personal_of) == (False, whose)
    assert sent_by(ANNA, to=(personal("boris"), personal("anna"))).vouched


def test_a_personal_address_vouches_for_no_from_that_is_doubtful() -> None:
    """A2, S1."""
    assert not sent_by(ANNA, to=(personal("anna"),), from_fields=2).vouched
    for verdict, expected in (("fail", False), ("none", True)):
        message = a_message(
            header_from=(ANNA,),
            to=(personal("anna"),),
            headers={"Authentication-Results": f"mx.acme.example; dmarc={verdict} header.from=acme.example"},
        )
        found = identify(message, Witness(frozenset({"mx.acme.example"})), some_settings(), TOKENS)
        assert (found.vouched, found.authenticated) == (expected, False)


def test_a_customers_addresses_prove_no_agent() -> None:
    for detail in (TOKENS.mint_reply(1042), TOKENS.mint_bounce(78, 1), TOKENS.mint_reply(1042).replace("r1042", "a1042.78")):
        assert not sent_by(ANNA, to=(Address("", f"support+{detail}@acme.example"),)).proven
