"""What a backtest compares and counts: decisions in, figures out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from maild.background import Pause
from maild.effects import AddMessage, Decision, Effect, IncomingState, PauseRule, Post, RecordEvent
from maild.ingest.arrival import Incoming
from maild.past import PastFiring, PastMail, PostedLetter, Standing, Tenure, added_by
from maild.reason import Reason
from maild.rules.backtest import MOST_PROBLEMS, Backtest, Baseline, Judge, MailFigures
from maild.rules.outcome import Change, compare, outcome_of, outcome_recorded
from maild.rules.verdict import RuleTrace
from maild.task import Task
from maild.ticket import MessageKind, Priority, Status, TicketView, Tier
from maild.tokens import LetterKind
from tests.rig.desk import ACKNOWLEDGEMENT, NOTIFICATION, NOW, a_letter, a_ticket
from tests.rig.occasions import rules_from

NO_HANDS: Mapping[int, datetime] = {}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ON = replace(a_ticket(), number=7)
RULES = rules_from("""
    rules:
      - {id: vip, when: ticket.created, do: [{notify: {who: lead, template: escalation}}]}
      - {id: quiet, when: ticket.created, mode: shadow, do: [{ack: false}]}
""")
VIP = RuleTrace("ticket.created", "vip", "rules/1.yaml", 2, "abc", True, actions=("notify lead",))
ESCALATION = a_letter(kind=LetterKind.NOTIFICATION, template="escalation", agent="anna")


def decided(
    *effects: Effect,
    on: TicketView | None = ON,
    before: TicketView | None = None,
    state=IncomingState.DONE,
    trace: tuple[RuleTrace, ...] = (),
) -> Decision:
    return Decision(state, Reason("new", ""), before, on, effects, trace=tuple(rule.to_mapping() for rule in trace))


def a_mail(number: int = 1, *, ticket: int | None = 7, judged: bool = True, at: datetime = NOW, released: bool = False, **more) -> PastMail:
    incoming = Incoming(number, "support", b"", at, at, 1, released=released)
    past = PastMail(incoming, at, IncomingState.DONE, ticket, (7,), (), (), judged)
    return replace(past, **more)


def check(before: Decision, after: Decision, *expected: Change) -> None:
    assert compare(outcome_of(before), outcome_of(after)) == expected


def test_each_field_of_a_ticket_is_compared():
    check(decided(), decided())
    check(decided(), decided(on=replace(ON, queue="sales")), Change("queue", "support", "sales"))
    check(decided(), decided(on=replace(ON, status=Status.CLOSED)), Change("status", "new", "closed"))
    check(decided(), decided(on=replace(ON, priority=Priority.HIGH)), Change("priority", "normal", "high"))
    check(decided(), decided(on=replace(ON, owner="anna")), Change("owner", "(nothing)", "anna"))
    check(decided(on=replace(ON, team="payments")), decided(), Change("team", "payments", "(nothing)"))
    check(decided(), decided(on=replace(ON, tags=frozenset("ba"))), Change("tags", "(nothing)", "a, b"))
    check(decided(), decided(on=replace(ON, tier=Tier.L2)), Change("tier", "L1", "L2"))
    check(decided(on=replace(ON, snoozed_until=NOW)), decided(), Change("snoozed", str(NOW), "(nothing)"))
    call = Task(1, "Call", "anna", "rule vip", NOW)
    check(decided(), decided(on=replace(ON, tasks=(call,))), Change("tasks", "(nothing)", "Call for anna"))
    check(decided(on=replace(ON, fields={"order": "1"})), decided(on=replace(ON, fields={"order": "2"})), Change("field.order", "1", "2"))


def test_what_becomes_of_the_mail_goes_before_all_that_follows_from_it():
    kept_out = decided(on=None, state=IncomingState.QUARANTINED)
    check(decided(Post(ACKNOWLEDGEMENT)), kept_out, Change("mail", "on a ticket", "quarantined"))
    check(kept_out, decided(), Change("mail", "quarantined", "on a ticket"))
    check(decided(on=None), decided(), Change("mail", "no ticket", "on a ticket"))


def test_letters_are_compared_by_what_they_are_and_to_whom():
    acknowledged = RecordEvent("acknowledged", "maild", "")
    told = "notification notification to boris"
    check(
        decided(Post(NOTIFICATION)),
        decided(Post(NOTIFICATION), Post(ACKNOWLEDGEMENT), acknowledged),
        Change("mails", told, f"{told}, ack received to customer"),
    )
    check(
        decided(Post(NOTIFICATION)),
        decided(Post(replace(NOTIFICATION, agent="anna"))),
        Change("mails", told, "notification notification to anna"),
    )


def test_only_rules_notes_are_compared():
    note = AddMessage(MessageKind.NOTE, replace(ON.requester, name="rule vip"), NOW, "look", "look", internal=True)
    check(decided(), decided(note), Change("note", "(nothing)", "look"))
    check(decided(), decided(replace(note, author=ON.requester)))


def test_the_record_knows_which_rules_fired_and_what_the_customer_got():
    posted = PostedLetter(1, LetterKind.ACKNOWLEDGEMENT, "received", None, "x")
    told = PostedLetter(2, LetterKind.NOTIFICATION, "notification", "anna", "y")
    recorded = outcome_recorded(a_mail(letters=(posted, told), traces=((VIP.to_mapping(),),)))
    assert compare(recorded, outcome_of(decided(Post(ACKNOWLEDGEMENT), trace=(VIP,)))) == ()
    assert compare(recorded, outcome_of(decided(Post(ACKNOWLEDGEMENT)))) == (Change("rules", "vip: notify lead", "(nothing)"),)
    assert compare(recorded, outcome_of(decided(trace=(VIP,)))) == (Change("mails", "received", "(nothing)"),)


def judged(*seen: tuple[PastMail, Decision, Decision], by_hand: dict[int, datetime] | None = None, queue: str = "") -> Backtest:
    judge = Judge(RULES, Baseline.RULES, frozenset({7}), by_hand or {}, queue)
    for mail, now, tried in seen:
        judge.see(mail, now, tried, now.after.number if now.after else None)
    return judge.report()


SAME = decided()
HIGH = decided(Post(ESCALATION), on=replace(ON, priority=Priority.HIGH), trace=(VIP,))


def test_beside_the_record_only_what_both_know_is_counted_and_what_agents_answer_is_no_rules_doing():
    answered = PostedLetter(1, LetterKind.ANSWER, "answer", None, "x")
    mail = a_mail(letters=(PostedLetter(2, LetterKind.ACKNOWLEDGEMENT, "received", None, "y"), answered, answered))
    judge = Judge(RULES, Baseline.RECORD, frozenset({7}), {})
    sent = (Post(ACKNOWLEDGEMENT), Post(ESCALATION), Post(a_letter(kind=LetterKind.ANSWER, template="answer")))
    judge.see(mail, SAME, decided(*sent), 7)
    found = judge.report()
    assert (found.differences, found.mails) == ((), (MailFigures("ack or reply", "customer", 1, 1),))


def test_a_ticket_is_judged_until_its_first_difference():
    later = decided(before=ON)
    found = judged((a_mail(1), SAME, HIGH), (a_mail(2), later, HIGH))
    assert [(difference.mail, difference.rules) for difference in found.differences] == [(1, ("vip",))]
    assert (found.judged, found.unjudged.after_divergence) == (1, 1)


def test_what_no_mail_has_caused_is_judged_by_its_ticket():
    judge = Judge(RULES, Baseline.RULES, frozenset({7}), {})
    judge.see_deed(NOW, decided(before=ON), HIGH)
    judge.see_deed(NOW, decided(before=ON), HIGH)
    judge.see_deed(NOW, decided(before=replace(ON, number=3), on=replace(ON, number=3)), HIGH)
    found = judge.report()
    assert [(difference.ticket, difference.mail) for difference in found.differences] == [(7, None)]
    assert (found.judged, found.rules[0].fired, found.rules_mails) == (0, 1, 1)


def test_on_a_ticket_that_stands_as_it_stood_only_what_no_mail_has_caused_is_judged():
    judge = Judge(RULES, Baseline.RULES, frozenset(), {}, standing=Standing(frozenset({7}), changed=3))
    judge.see(a_mail(), decided(before=ON), HIGH, 7)
    judge.see_deed(NOW, decided(before=ON), HIGH)
    assert not judge.is_ticket_open(7, NOW)
    found = judge.report()
    assert [(difference.ticket, difference.mail) for difference in found.differences] == [(7, None)]
    assert (found.judged, found.unjudged.older, found.unjudged.changed) == (0, 1, 3)


def beside_the_record(
    *recorded: datetime,
    did: tuple[str, ...] = ("notify lead",),
    lived: tuple[datetime, ...] = (),
    mails: tuple[datetime, ...] = (),
    by_hand: Mapping[int, datetime] = NO_HANDS,
    queue: str = "",
) -> Backtest:
    """The rule `vip` has fired at these times by the record, and did that; in the replay it fires at those it has `lived`."""
    firings = {7: tuple(PastFiring(at, "vip", did) for at in recorded)}
    judge = Judge(RULES, Baseline.RECORD, frozenset({7}), by_hand, queue, Standing(firings=firings))
    happened = sorted([(at, False) for at in mails] + [(at, True) for at in lived])
    for at, is_firing in happened:
        decision = decided(Post(ESCALATION), before=ON, trace=(VIP,)) if is_firing else decided(before=ON)
        if is_firing:
            judge.see_time(at, decision)
        else:
            judge.see(a_mail(at=at), decision, decision, 7)
    judge.end(NOW + 30 * DAY)
    return judge.report()


def test_beside_the_record_it_counts_what_time_rules_did_between_two_mails_and_not_when():
    late = beside_the_record(NOW + 5 * HOUR, lived=(NOW,), mails=(NOW + 6 * HOUR,))
    assert (late.differences, late.judged, late.rules[0].fired, late.rules[0].was, late.rules_mails) == ((), 1, 1, 1, 1)
    after_the_mail = beside_the_record(NOW + 7 * HOUR, lived=(NOW,), mails=(NOW + 6 * HOUR,))
    assert [(difference.at, difference.mail, difference.changes) for difference in after_the_mail.differences] == [
        (NOW, None, (Change("rules", "(nothing)", "vip: notify lead"),))
    ]
    assert after_the_mail.unjudged.after_divergence == 1


def test_of_what_a_rule_would_have_done_again_and_again_the_first_time_counts():
    often = tuple(NOW + days * DAY for days in range(4))
    found = beside_the_record(lived=often)
    assert [difference.at for difference in found.differences] == [NOW]
    assert (found.rules[0].fired, found.rules[0].was, found.rules_mails) == (1, 0, 1)
    as_before = beside_the_record(NOW + HOUR, NOW + DAY + 2 * HOUR, lived=often)
    assert (as_before.differences, as_before.rules[0].fired, as_before.rules[0].was) == ((), 4, 2)


def test_a_rule_that_did_something_else_then_is_a_difference():
    found = beside_the_record(NOW + HOUR, lived=(NOW,), did=("tagged vip",))
    assert [difference.at for difference in found.differences] == [NOW]
    assert found.differences[0].changes == (Change("rules", "vip: tagged vip", "vip: notify lead"),)
    gone = beside_the_record(NOW + HOUR)
    assert gone.differences[0].changes == (Change("rules", "vip: notify lead", "(nothing)"),)


def test_what_the_desk_may_just_not_have_come_round_to_is_no_difference():
    before_a_mail = beside_the_record(lived=(NOW,), mails=(NOW + timedelta(minutes=1),))
    assert (before_a_mail.differences, before_a_mail.unjudged.strayed, before_a_mail.rules[0].fired) == ((), 1, 0)
    at_the_end = beside_the_record(lived=(NOW + 30 * DAY - timedelta(minutes=1),))
    assert (at_the_end.differences, at_the_end.unjudged.strayed) == ((), 0)


def test_what_time_rules_did_behind_a_change_by_hand_is_not_judged():
    found = beside_the_record(NOW, NOW + 2 * DAY, lived=(NOW,), by_hand={7: NOW + DAY})
    assert (found.differences, found.rules[0].was) == ((), 1)
    assert beside_the_record(NOW + 2 * DAY, by_hand={7: NOW + DAY}).differences == ()


def test_time_rules_on_tickets_of_other_departments_are_not_judged():
    assert beside_the_record(lived=(NOW,), queue="sales").differences == ()
    assert len(beside_the_record(lived=(NOW,), queue="support").differences) == 1


def test_a_rule_that_would_have_gone_past_its_limit_is_named_once():
    judge = Judge(RULES, Baseline.RULES, frozenset({7}), {})
    judge.note_pauses(decided(PauseRule("vip", "51 mails within 1h")), NOW)
    judge.note_pauses(decided(PauseRule("vip", "60 mails within 1h")), NOW + DAY)
    assert judge.report().pauses == (Pause("vip", NOW, "51 mails within 1h"),)


def test_what_breaks_the_replay_is_told_of_and_of_many_only_the_first():
    judge = Judge(RULES, Baseline.RULES, frozenset({7}), {})
    for number in range(MOST_PROBLEMS + 1):
        judge.note_broken(f"message {number}", ValueError("no such day"))
    found = judge.report()
    assert found.unjudged.broken == MOST_PROBLEMS + 1
    assert found.problems[0] == "message 0: ValueError: no such day"
    assert len(found.problems) == MOST_PROBLEMS


def test_mail_of_which_nothing_is_to_be_said_is_not_open():
    judge = Judge(RULES, Baseline.RULES, frozenset({7}), {})
    assert judge.is_open(a_mail(), SAME)
    assert not judge.is_open(a_mail(judged=False), SAME)
    judge.see(a_mail(), SAME, HIGH, 7)
    assert not judge.is_open(a_mail(2), decided(before=ON))


def test_rules_are_counted_with_their_part_in_differences_and_their_mails():
    quiet = RuleTrace("ticket.created", "quiet", "rules/1.yaml", 3, "abc", True, actions=("no ack",), shadow=True)
    found = judged((a_mail(), SAME, replace(HIGH, trace=(VIP.to_mapping(), quiet.to_mapping()))))
    assert [(rule.rule, rule.fired, rule.shadow, rule.was, rule.tickets, rule.mails) for rule in found.rules] == [
        ("vip", 1, 0, 0, 1, 1),
        ("quiet", 0, 1, 0, 0, 0),
    ]
    assert found.rules_mails == 1
    assert [(mail.kind, mail.to, mail.mails, mail.was) for mail in found.mails] == [("notification", "agent", 1, 0)]


@pytest.mark.parametrize(
    ("mail", "now", "why"),
    [
        (a_mail(released=True), SAME, "released"),
        (a_mail(), decided(before=replace(ON, number=3), on=replace(ON, number=3)), "older"),
        (a_mail(at=NOW + timedelta(minutes=1)), decided(before=ON), "by_hand"),
        (a_mail(ticket=None), SAME, "strayed"),
    ],
)
def test_what_is_not_the_rules_doing_is_counted_apart(mail: PastMail, now: Decision, why: str):
    found = judged((mail, now, now), by_hand={7: NOW})
    assert getattr(found.unjudged, why) == 1
    assert found.differences == ()


def test_mail_before_the_period_and_of_other_departments_is_not_judged():
    assert judged((a_mail(judged=False), SAME, HIGH)).judged == 0
    assert judged((a_mail(), SAME, HIGH), queue="sales").judged == 0
    assert judged((a_mail(), SAME, decided(on=replace(ON, queue="sales"))), queue="sales").judged == 1


def test_an_address_is_an_agents_from_when_he_added_it_until_he_lost_it():
    home = "home@globex.example"
    tenures = (Tenure("anna", home, NOW, NOW + HOUR), Tenure("anna", "more@globex.example", NOW), Tenure("boris", home, NOW + HOUR))
    assert added_by(tenures, NOW - HOUR) == {}
    assert added_by(tenures, NOW) == {"anna": (home, "more@globex.example")}
    assert added_by(tenures, NOW + HOUR) == {"anna": ("more@globex.example",), "boris": (home,)}
