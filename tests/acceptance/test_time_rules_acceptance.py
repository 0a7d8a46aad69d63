"""Rules that wait for their time (RULES.md 2): a day at a desk where somebody is too slow, and a customer says no more."""

from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, eventually, text_of

ANN = "ann@globex.example"
TRUST = "limits: {automatic: off, storm: off}\ntrust: {agent_auth: token}"
UNANSWERED = """
rules:
  - id: no-answer
    when: {after: 30m, while: {replies.agent: 0, status: {not: [waiting, closed]}}}
    do: [{set: {priority: urgent}}, {notify: {who: [lead], template: escalation}}]
"""
SILENT = """  - id: silent
    when: {after: 7d, while: {status: waiting, snoozed: false}}
    if: {tags: {has_none: [keep-open]}}
    do: [{close: {template: closed}}]
"""


def test_what_nobody_answers_is_urgent_and_what_nobody_says_more_about_is_closed(make_desk: Callable[..., RunningDesk], storage: str):
    desk = make_desk(extra=TRUST, rules=UNANSWERED, storage=storage).start()
    desk.receive(an_email(sender=f"Ann Smith <{ANN}>", to=desk.at("support"), subject="Spare parts", body="When do they come?\n"))
    told = desk.letter("anna")
    desk.let_rules_be_due()
    desk.letter_about("anna", "Spare parts", 2)
    assert desk.ticket(1)["priority"] == "urgent"
    assert [trace["event"] for trace in desk.ask("rules", "explain", "1") if trace["rule"] == "no-answer"] == ["time"]
    desk.receive(an_answer_to(told, desk.at("anna"), "On Monday.\n"))
    assert "On Monday." in text_of(desk.letter(ANN, 2))
    desk.rules += SILENT
    desk.configure()
    assert desk.app
    assert desk.app.reload().done

    def waits() -> bool:
        desk.let_rules_be_due()
        return bool(desk.ticket(1)["status"] == "closed")

    eventually(waits)
    assert desk.letter_about(ANN, "Spare parts", 3)
    assert [event for event in desk.events(1) if event == "rule"] == ["rule", "rule"]
    desk.settle()
    assert (len(desk.letters("anna")), len(desk.letters(ANN))) == (2, 3)
