"""A rule that would write too much, on a whole desk: paused, told of once, shown wherever one looks, and let go on (RULES.md 5.5)."""

from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, text_of

RULES = """version: 1
rules:
  - id: alarm
    owner: anna
    when: ticket.created
    limit: {mails: 2, per: 1h}
    do: [{notify: {who: boris, template: escalation, why: look}}, {tag: alarm}]
"""


def opened(desk: RunningDesk) -> list[str]:
    """The tags of a new ticket."""
    desk.receive(an_email(sender="ann@globex.example", to=desk.at("support")))
    return list(desk.ask("ticket", "list")[0]["tags"])


def modes(desk: RunningDesk) -> list[str]:
    return [rule["mode"] for command in ("list", "stats") for rule in desk.ask("rules", command)]


def test_a_rule_past_its_limit_is_paused_until_a_person_lets_it_go_on(make_desk: Callable[..., RunningDesk], storage: str):
    desk = make_desk(extra="limits: {automatic: off, storm: off}", rules=RULES, storage=storage).start()
    assert [opened(desk) for _ in range(4)] == [["alarm"], ["alarm"], [], []]

    told = [letter for letter in desk.letters("anna") if "This desk needs a person" in str(letter["Subject"])]
    (letter,) = (" ".join(text_of(each).split()) for each in told)
    assert "The rule alarm (rules/10-test.yaml:3) would have sent more than 2 mails in 1h." in letter
    assert "about #2, #1;" in letter

    assert modes(desk) == ["paused", "paused"]
    (trouble,) = (text for text in desk.ask("status")["troubles"] if "alarm" in text)
    assert trouble.endswith("it would have sent more than 2 mails in 1h; `maild rules enable alarm` lets it go on")
    assert ("rules", "warn", "maild rules enable alarm") in [(each["check"], each["level"], each["next"]) for each in desk.ask("doctor")]
    assert "paused since" in desk.maild("rules", "explain", "4", "--why-not", "alarm")

    assert desk.ask("rules", "enable", "alarm") == {"reloaded": None, "text": "the rule alarm is not paused any more"}
    assert modes(desk) == ["live", "live"]
    assert opened(desk) == ["alarm"]
