"""Rules switched off and on while the daemon runs, and reloads asked for at the command line (issue of the rule engine, 8 and 10)."""

from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, eventually, run_here

RULES = """version: 1
rules:
  - id: pay   # money
    owner: anna
    when: ticket.created
    if: {text: {word: invoice*}}
    do: [{tag: [payment]}]
"""


def test_a_rule_is_switched_off_and_on_and_the_daemon_follows(make_desk: Callable[..., RunningDesk]):
    desk = make_desk(rules=RULES)
    file = desk.directory / "rules" / "10-test.yaml"
    assert run_here(desk.directory, "rules", "disable", "pay", "--reason", "before there is a database").returncode == 0
    assert run_here(desk.directory, "rules", "enable", "pay").stderr == "no daemon is running, and none ever has\n"
    assert file.read_text() == RULES

    desk.launch_and_wait()
    assert tags_of(desk, "My first invoice") == ["payment"]

    off = run_here(desk.directory, "rules", "disable", "pay", "--reason", "tells too many")
    assert (off.returncode, off.stdout, off.stderr) == (0, "rules/10-test.yaml is written\n", "the daemon runs with these files\n")
    assert file.read_text() == RULES.replace("# money\n", '# money\n    disabled: "tells too many"\n')
    assert tags_of(desk, "My second invoice") == []
    assert "disabled: tells too many" in desk.maild("rules", "explain", "2", "--why-not", "pay")

    file.write_text(RULES.replace("when:", "whne:"))
    refused = run_here(desk.directory, "rules", "reload")
    assert refused.returncode == 2
    assert 'E102 unknown key "whne" in a rule' in refused.stderr
    assert "a running desk keeps the rules it has: 2 errors" in refused.stderr
    assert tags_of(desk, "My third invoice") == []

    file.write_text(RULES.replace("payment", "money"))
    assert desk.ask("rules", "reload") == {"reloaded": True, "text": "the daemon runs with these files"}
    assert tags_of(desk, "My fourth invoice") == ["money"]


def tags_of(desk: RunningDesk, subject: str) -> list[str]:
    """The tags of the ticket that a mail becomes."""
    desk.put(an_email(sender="ann@globex.example", to=desk.at("support"), subject=subject), "support")
    eventually(lambda: subject in [ticket["subject"] for ticket in desk.ask("ticket", "list")])
    (found,) = (ticket for ticket in desk.ask("ticket", "list") if ticket["subject"] == subject)
    return list(found["tags"])


def test_what_cannot_be_switched_is_told(make_desk: Callable[..., RunningDesk]):
    desk = make_desk(rules=RULES)
    for arguments, words in {
        ("disable", "pya", "--reason", "x"): 'there is no rule "pya" (did you mean "pay"?)',
        ("disable", "pay", "--reason", " "): "--reason takes the reason in words",
        ("enable", "pay"): 'the rule "pay" is not disabled',
    }.items():
        told = run_here(desk.directory, "rules", *arguments)
        assert told.returncode != 0
        assert words in told.stderr
    assert (desk.directory / "rules" / "10-test.yaml").read_text() == RULES
