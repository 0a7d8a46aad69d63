"""Macros: rules that an agent runs by name, by mail and at the command line (RULES.md 2, MAIL.md A7, A14)."""

import pytest

from maild.desk.command import Command
from maild.errors import UsageError
from maild.ticket import Priority, Status
from tests.rig.letters import text_of
from tests.rig.mails import parsed
from tests.rig.ruled_desk import ANNA, Opening

RULES = """
    rules:
      - id: refund
        when: macro
        if: {status: {not: closed}}
        do:
          - {tag: refund}
          - {set: {priority: high}}
          - {note: "{{ customer.name }} gets it back"}
          - {reply: {template: faq-password, then: waiting}}
      - {id: shut, when: macro, do: [{close: true}]}
      - {id: other, when: macro, do: [{tag: other}]}
      - {id: off, when: macro, disabled: until May, do: [{tag: off}]}
      - {id: tried, when: macro, mode: shadow, do: [{tag: tried}]}
      - {id: upon, when: ticket.tagged, do: [{tag: upon}]}
"""


def test_a_macro_does_all_its_rule_says_and_no_other_rule_is_asked_about_it(a_desk: Opening):
    desk = a_desk(RULES)
    number = desk.opened()
    desk.answered(number, "#macro Refund\n")
    ticket = desk.desk.ticket(number)
    assert (ticket.tags, ticket.priority, ticket.status) == ({"refund"}, Priority.HIGH, Status.WAITING)
    assert (desk.kinds(number), desk.sent(number)) == (["customer", "note"], ["received", "faq-password"])
    assert desk.log(number, "macro") == ["refund"]
    assert desk.asked(number)[-1] == ["macro"]


def test_at_the_command_line_it_is_the_same(a_desk: Opening):
    desk = a_desk(RULES)
    number = desk.opened()
    desk.at_the_command_line(number, Command("macro", "refund"))
    assert (desk.desk.ticket(number).tags, desk.sent(number)) == ({"refund"}, ["received", "faq-password"])
    with pytest.raises(UsageError, match=r'there is no macro "refnd"; did you mean refund\?'):
        desk.at_the_command_line(number, Command("macro", "refnd"))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("#macro refnd", 'there is no macro "refnd"; did you mean refund?'),
        ("#macro off", "the macro off is disabled: until May"),
        ("#macro tried", "the macro tried is only tried out (mode: shadow), and does nothing"),
        ("#close\n#macro refund", "the macro refund does not fit: status is closed, which it must not"),
        ("#macro refund\n#macro other\n\nHere it is.", "the macro refund writes to the customer, and so do you"),
    ],
)
def test_what_cannot_be_run_comes_back_and_nothing_is_done(a_desk: Opening, lines: str, why: str):
    desk = a_desk(RULES)
    number = desk.opened()
    before = desk.desk.ticket(number)
    desk.answered(number, f"{lines}\n")
    after = desk.desk.ticket(number)
    assert (after.status, after.tags, desk.sent(number)) == (before.status, frozenset(), ["received"])
    assert why in " ".join(text_of(parsed(desk.desk.letters[ANNA][-1].raw)).split())


def test_yes_runs_what_was_meant(a_desk: Opening):
    desk = a_desk(RULES)
    number = desk.opened()
    desk.answered(number, "#macro othr\n")
    desk.answered(number, "yes\n")
    assert desk.log(number, "command_failed") == ['line 1: there is no macro "othr"; did you mean other?; nothing was done']


def test_of_its_notices_one_goes_out_and_none_beside_an_answer(a_desk: Opening):
    """A14: never two mails for one event."""
    desk = a_desk(RULES)
    alone = desk.opened()
    desk.answered(alone, "#macro shut\n")
    answered, quiet = desk.opened(), desk.opened()
    desk.answered(answered, "#macro shut\n\nIt is out.\n")
    desk.answered(quiet, "#noreply\n#macro shut\n")
    assert [desk.desk.ticket(number).status for number in (alone, answered, quiet)] == [Status.CLOSED] * 3
    assert [desk.sent(number)[1:] for number in (alone, answered, quiet)] == [["closed"], ["answer"], []]


def test_no_rule_that_is_no_macro_can_be_run(a_desk: Opening):
    desk = a_desk("rules: [{id: upon, when: ticket.tagged, do: [{tag: upon}]}]")
    with pytest.raises(UsageError, match="there is no macro here"):
        desk.at_the_command_line(desk.opened(), Command("macro", "upon"))
