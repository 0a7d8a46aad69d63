"""A desk has run with some mail; an admin writes a new rule, and hears what it would have done (RULES.md 6; PRODUCT promise 6)."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, eventually
from tests.rig.terminal import shown_on_a_terminal

RULES = "version: 1\nrules: [{id: spam, when: mail.received, if: {header.X-Spam-Flag: 'YES'}, do: [{quarantine: spam}]}]\n"
NEW_RULE = """
  - {id: invoices, when: [ticket.created, message.customer], if: {text: {word: invoice}}, owner: anna,
     do: [{tag: [payment]}, {set: {priority: high}}, {notify: {who: boris, template: escalation}}]}
"""
NEW_RULES = (
    f"version: 1\nrules:\n  - {{id: spam, when: mail.received, if: {{header.X-Spam-Flag: 'YES'}}, do: [{{quarantine: spam}}]}}{NEW_RULE}"
)


@pytest.fixture
def desk(make_desk: Callable[..., RunningDesk], storage: str) -> RunningDesk:
    """Three requests, one of them about an invoice and one answered, and a mail that was kept out."""
    desk = make_desk(storage=storage, rules=RULES).start()
    support = desk.at("support")
    desk.receive(an_email(sender="ann@globex.example", to=support, subject="Printer"))
    desk.receive(an_email(sender="bob@globex.example", to=support, subject="Money", body="Where is my invoice?\n"))
    desk.receive(an_email(sender="carl@globex.example", to=support, subject="Door"))
    desk.receive(an_email(sender="eve@spam.example", to=support, subject="Win", headers={"X-Spam-Flag": "YES"}))
    desk.receive(an_answer_to(desk.letter_about("anna", "Printer"), desk.at("anna"), "Is it plugged in?\n"))
    answer = desk.letter_about("ann@globex.example", "Printer", 2)
    desk.receive(an_answer_to(answer, "ann@globex.example", "It is. And the invoice is wrong.\n"))
    desk.settle()
    return desk


@pytest.fixture
def new_rules(tmp_path: Path) -> str:
    folder = tmp_path / "new-rules"
    folder.mkdir()
    (folder / "10-rules.yaml").write_text(NEW_RULES, encoding="utf-8")
    return str(folder)


def test_a_new_rule_is_tried_on_the_mail_of_a_desk_before_it_runs(desk: RunningDesk, new_rules: str):
    sent, tickets = len(desk.sink.mails), desk.tickets()
    found = desk.ask("rules", "backtest", "--rules", new_rules)
    differing = {difference["ticket"]: difference for difference in found["differences"]}
    money, printer = differing[2], differing[1]
    changed = {change["field"]: (change["before"], change["after"]) for change in money["changes"]}
    assert changed["priority"] == ("normal", "high")
    assert changed["tags"] == ("(nothing)", "payment")
    assert "notification escalation to boris" in changed["mails"][1]
    assert (money["rules"], printer["rules"], len(differing)) == (["invoices"], ["invoices"], 2)
    assert [(rule["rule"], rule["fired"], rule["was"], rule["mails"]) for rule in found["rules"]] == [
        ("spam", 1, 1, 0),
        ("invoices", 2, 0, 2),
    ]
    assert (found["baseline"], found["judged"]) == ("rules", 6)
    assert not any(found["unjudged"].values())
    assert (len(desk.sink.mails), desk.tickets()) == (sent, tickets)


def backtest(desk: RunningDesk, folder: str) -> dict[str, Any]:
    return desk.ask("rules", "backtest", "--rules", folder)


def test_a_time_rule_is_tried_up_to_this_moment(desk: RunningDesk, new_rules: str):
    """Two of the requests have waited for an answer ever since they came."""
    late = "{id: late, when: {after: 1s, while: {replies.agent: 0}}, owner: anna, do: [{set: {priority: urgent}}]}"
    (Path(new_rules) / "10-rules.yaml").write_text(f"version: 1\nrules: [{late}]\n", encoding="utf-8")
    eventually(lambda: {2, 3} <= {difference["ticket"] for difference in backtest(desk, new_rules)["differences"]})
    found = backtest(desk, new_rules)
    differing = {difference["ticket"]: difference for difference in found["differences"]}
    assert differing[3]["changes"] == [{"field": "priority", "before": "normal", "after": "urgent"}]
    assert (differing[3]["mail"], differing[3]["rules"], found["pauses"]) == (None, ["late"], [])
    assert ("late", len(differing)) in [(rule["rule"], rule["fired"]) for rule in found["rules"]]


def test_the_files_themselves_are_tried_beside_what_has_happened(desk: RunningDesk):
    assert desk.ask("rules", "backtest")["differences"] == []
    desk.rules = NEW_RULES
    desk.configure()
    found = desk.ask("rules", "backtest", "--since", "1d", "--queue", "support")
    assert (found["baseline"], sorted(difference["ticket"] for difference in found["differences"])) == ("record", [1, 2])
    assert {change["field"] for difference in found["differences"] for change in difference["changes"]} == {"rules"}


def test_too_many_mails_end_with_their_own_status_and_broken_rules_with_that_of_a_check(desk: RunningDesk, new_rules: str):
    desk.maild("rules", "backtest", "--rules", new_rules, "--limit-mails", "2")
    lines = desk.maild("rules", "backtest", "--rules", new_rules, "--limit-mails", "1", status=3).splitlines()
    assert "2 differ; 2 mails by rules" in lines
    (Path(new_rules) / "10-rules.yaml").write_text("version: 1\nrules: [{id: one, when: ticket.created, do: [{tagg: [x]}]}]\n")
    assert desk.maild("rules", "backtest", "--rules", new_rules, status=2) == ""
    assert desk.maild("rules", "backtest", "--rules", f"{new_rules}-not", status=2) == ""
    assert desk.maild("rules", "backtest", "--queue", "suport", status=1) == ""


def test_a_person_sees_how_far_it_is_and_the_figures_alone_go_down_a_pipe(desk: RunningDesk, new_rules: str):
    command = [sys.executable, "-m", "cli.main", "-c", str(desk.directory), "rules", "backtest", "--rules", new_rules]
    assert "replaying" in shown_on_a_terminal(command)
    assert json.loads(desk.maild_process("rules", "backtest", "--rules", new_rules, "--json"))["judged"] == 6
