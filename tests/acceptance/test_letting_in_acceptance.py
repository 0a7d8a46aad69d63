"""A mail of an agent's for which nobody vouches is held, and goes on by his one word to the letter that tells him (MAIL.md A4)."""

from collections.abc import Callable

from maild.config.key_ring import tokens_of
from maild.config.load import require_settings
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, text_of

DeskMaker = Callable[..., RunningDesk]
ANN = "ann@globex.example"
TRUST = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example], agent_auth: token+dmarc}"
HELD = "A mail in your name was held"


def test_an_agent_lets_in_what_was_held_once(make_desk: DeskMaker, storage: str):
    desk = make_desk(storage=storage, extra=TRUST).start()
    desk.receive(an_email(sender=ANN, to=desk.at("support"), subject="Printer", body="It burns.\n"))
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#close\nWe are coming.\n"))
    held = desk.letter_about("anna", HELD)
    assert "reply to this mail within a day with the one word release" in " ".join(text_of(held).split())
    assert (desk.ticket(1)["status"], len(desk.letters(ANN))) == ("new", 1)
    desk.receive(an_email(sender=desk.at("anna"), to=desk.at("support"), subject=f"Re: {HELD}", body="release\n"))
    assert (desk.ticket(1)["status"], len(desk.letters(ANN))) == ("new", 1), "her name alone lets nothing in"
    desk.receive(an_answer_to(held, desk.at("anna"), "release\n"))
    assert "We are coming." in text_of(desk.letter(ANN, 2))
    assert desk.ticket(1)["status"] == "closed"
    desk.receive(an_answer_to(held, desk.at("anna"), "release\n"))
    assert "is not held any more" in " ".join(text_of(desk.letter_about("anna", f"Your request: {HELD}")).split())
    assert len(desk.letters(ANN)) == 2


def test_a_request_to_the_desk_that_was_held_is_answered_when_its_agent_lets_it_in(make_desk: DeskMaker):
    """A3: where nothing vouches for fresh mail its confirmation is the proof."""
    desk = make_desk(extra=TRUST).start()
    desk.receive(an_email(sender=desk.at("anna"), to=desk.at("support"), subject="list status:open", body=""))
    desk.receive(an_answer_to(desk.letter_about("anna", HELD), desk.at("anna"), "release\n"))
    assert "Tickets found: 0" in text_of(desk.letter_about("anna", "list status:open"))


def test_an_address_that_an_agent_adds_is_his_until_an_admin_takes_it_away(make_desk: DeskMaker, storage: str):
    desk = make_desk(storage=storage, extra=TRUST).start()
    home, detail = "anna@home.example", tokens_of(require_settings(desk.directory)).mint_personal("anna")
    personal = f"{desk.at('support').replace('@', f'+{detail}@')}"

    def ask(sender: str, to: str = personal) -> str:
        said = {"Authentication-Results": f"mx.desk.example; dmarc=pass header.from={sender.rpartition('@')[2]}"}
        return str(desk.receive(an_email(sender=sender, to=to, subject="list status:open", body="", headers=said))["state"])

    assert ask(home) == "quarantined"
    told = desk.letter_about("anna", "Somebody else has used your personal address")
    assert f"mail from {home} counts as yours from now on" in " ".join(text_of(told).split())
    desk.receive(an_answer_to(told, desk.at("anna"), "always\n"))
    assert "an address is added only by a reply for which your mail server vouches" in " ".join(text_of(desk.letters("anna")[-1]).split())
    vouched = {"Authentication-Results": f"mx.desk.example; dmarc=pass header.from={desk.domain}"}
    desk.receive(an_answer_to(told, desk.at("anna"), "always\n", headers=vouched))
    assert f"Mail from {home} counts as yours" in text_of(desk.letter_about("anna", f"Your request: {home}"))
    assert "Tickets found: 0" in text_of(desk.letter_about("anna", "Your request: list status:open")), "the mail is read as hers"
    assert desk.ask("agent", "show", "anna")["added"] == [home]
    assert ask(home, desk.at("support")) == "done", "also where it came to no personal address"
    assert desk.letters(home) == [], "she is told at her registered address alone"
    desk.ask("agent", "disown", home)
    assert (ask(home), desk.ask("agent", "show", "anna")["added"]) == ("quarantined", [])
