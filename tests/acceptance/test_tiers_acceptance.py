"""Two tiers (PRODUCT 14): a ticket is handed to a specialist by mail, by the command line and by a rule, and comes back."""

from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, text_of

DeskMaker = Callable[..., RunningDesk]
ANN = "ann@globex.example"
TRUST = "limits: {automatic: off, storm: off}\ntrust: {agent_auth: token}"
STAFF = "agents: [anna, boris], statuses: [closed, passed_on]"
RULES = """
version: 1
rules:
  - id: to-l2
    when: message.customer
    if: {tier: L1, replies.customer: {gte: 3}, tags: {has_none: [faq]}}
    do:
      - set: {tier: L2}
      - reply: {template: passed-to-specialist}
"""


def two_tiers(make_desk: DeskMaker, **settings: str) -> RunningDesk:
    """Anna and boris answer support; boris is the specialist."""
    desk = make_desk(extra=TRUST, support=STAFF, **settings)
    file = desk.directory / "maild.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("{name: Boris Petrov,", "{name: Boris Petrov, tier: 2,"), encoding="utf-8")
    return desk.start()


def people(desk: RunningDesk) -> tuple[str, str | None, str | None]:
    ticket = desk.ticket(1)
    return ticket["tier"], ticket["owner"], ticket["follower"]


def test_a_ticket_goes_to_the_specialist_and_comes_back_while_its_first_owner_follows(make_desk: DeskMaker, storage: str):
    desk = two_tiers(make_desk, storage=storage)
    desk.receive(an_email(sender=f"Ann Smith <{ANN}>", to=desk.at("support"), subject="Printer", body="It burns.\n"))
    assert desk.letters("boris") == [], "specialists hear of what is handed to them"
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#note\n#l2\nIt is the model that burns.\n"))
    assert people(desk) == ("L2", "boris", "anna")
    notice = text_of(desk.letter(ANN, 2))
    assert "on to a specialist" in notice
    assert "model" not in notice
    handed = desk.letter("boris")
    assert "Anna Ivanova passed this ticket to you." in text_of(handed)
    assert "It is the model that burns." in text_of(handed)
    assert [row["number"] for row in desk.tickets("tier:L2")] == [1]
    assert desk.tickets("tier:L1") == []
    desk.maild("ticket", "reply", "1", "--as", "boris", "Take out its battery.")
    assert "Take out its battery." in text_of(desk.letter(ANN, 3))
    assert "Take out its battery." in text_of(desk.letter("anna", 2))
    desk.receive(an_answer_to(desk.letter(ANN, 3), ANN, "It is out.\n"))
    assert [text_of(desk.letter(*place)).count("It is out.") for place in (("anna", 3), ("boris", 2))] == [1, 1]
    desk.maild("ticket", "set", "1", "tier=L1", "--as", "boris")
    assert people(desk) == ("L1", "anna", None)
    desk.settle()
    assert len(desk.letters(ANN)) == 3


def test_a_rule_hands_up_who_answers_a_third_time_and_she_is_told_so(make_desk: DeskMaker):
    """Worked rule 10 of the rule language, without distribution."""
    desk = two_tiers(make_desk, rules=RULES)
    desk.receive(an_email(sender=ANN, to=desk.at("support"), subject="Printer", body="It burns.\n"))
    desk.maild("ticket", "assign", "1", "anna")
    acknowledgement = desk.letter(ANN)
    for text in ("It still burns.\n", "And now?\n", "Nobody answers.\n"):
        desk.receive(an_answer_to(acknowledgement, ANN, text))
    assert people(desk) == ("L2", "boris", "anna")
    assert "on to a specialist" in text_of(desk.letter(ANN, 2))
    assert "Nobody answers." in text_of(desk.letters("boris")[-1])
    assert "Nobody answers." in text_of(desk.letters("anna")[-1])
    desk.settle()
    assert len(desk.letters(ANN)) == 2, "one mail for one event"


def test_without_a_specialist_the_text_comes_back(make_desk: DeskMaker):
    """A7: all or nothing."""
    desk = make_desk(extra=TRUST, support=STAFF).start()
    desk.receive(an_email(sender=ANN, to=desk.at("support"), subject="Printer"))
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#close\n#l2\nGood bye.\n"))
    assert "nobody in Support is of the second tier" in " ".join(text_of(desk.letter("anna", 2)).split())
    assert (len(desk.letters(ANN)), desk.ticket(1)["status"]) == (1, "new")
