"""Replies to letters of the desk about itself, from their bytes to the decision (MAIL.md A4, S5)."""

from typing import Any

from maild.effects import Decision, IncomingState
from maild.known import Known
from maild.known_letter import KnownLetter
from maild.tokens import LetterKind
from tests.builders import NOW, some_tokens
from tests.unit.walk.test_opening_mail import DORA, TO, received, sent, the_letter

DIGEST = some_tokens().mint_message_id(LetterKind.NOTIFICATION, 0, 79, None)
KNOWN = Known(letters={79: KnownLetter(79, DIGEST, LetterKind.NOTIFICATION, None, None, False, NOW, subject="In quarantine: 3")})
OPS = "ops@acme.example"


def answered(body: str, **more: Any) -> Decision:
    headers = {"In-Reply-To": f"<{DIGEST}>"} | more.pop("headers", {})
    return received(body, **{"known": KNOWN, "subject": "Re: In quarantine: 3", "headers": headers} | more)


def test_an_agent_who_answers_the_digest_is_told_what_to_do_and_opens_no_ticket():
    for body in ("#release 7", "release 7", "always", "Let the second one in, please."):
        decision = answered(body)
        assert (decision.state, decision.after, decision.reason.code) == (IncomingState.DONE, None, "house_letter"), body
        (letter,) = [letter for beside in decision.beside for letter in beside.letters]
        assert (letter.template, letter.recipients[0].address) == ("control", "anna@acme.example")
        assert "`maild message release NUMBER`" in str(letter.values["why"])


def test_an_admin_who_is_no_agent_is_told_too():
    letter = the_letter(decision := answered("#release 7", sender=OPS))
    assert (decision.after, letter.template, letter.recipients[0].address, letter.automatic) == (None, "attention", OPS, True)
    assert "maild message release" in str(letter.values["warnings"])


def test_whoever_else_has_got_such_a_letter_is_a_customer_and_no_agent_without_proof():
    asked = answered("What is this?", sender="eve@globex.example")
    assert asked.after is not None
    assert asked.after.requester.address == "eve@globex.example"
    held = answered("#release 7", verdict="none")
    assert (held.state, [letter.template for letter in held.letters]) == (IncomingState.QUARANTINED, ["unverified"])
    assert answered("#release 7", verdict="none", released=True).reason.code == "house_letter"


def test_what_is_asked_or_opened_in_such_a_reply_is_done_if_it_is_a_mail_of_its_own():
    assert sent(answered(f"{TO}\nYour order leaves today.", subject="Your order")) == [("answer", (DORA,))]
    kept = answered(f"{TO}\nYour order leaves today.")
    assert "its subject is that of the letter which it answers" in str(the_letter(kept).values["why"])
    fresh = received("Let it in.", subject="Re: In quarantine: 3", known=KNOWN)
    assert fresh.after is not None, "it answers nothing"
