"""Mail that a machine has sent, and in which a rule finds who wrote it (RULES.md 2: `set: {sender: …}`; MAIL.md L6a, P14, A2)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.config.settings import Settings, Trust
from maild.effects import AddMessage, Decision, IncomingState, RecordEvent
from maild.ingest.department import find_departments
from maild.ingest.parse import parse_message
from maild.known import History, Known, KnownMessage, guess_key
from maild.message import AuthResult
from maild.pipeline import Desk, Rival, consider, consider_twice, read
from maild.question import Question
from maild.reading import Circumstances
from maild.rules.actions import ActionSkippedError, Moment
from maild.rules.explain import read_traces
from maild.rules.senders import SetSender
from maild.rules.strings import Name, Text
from maild.rules.verdict import Event, Verdict
from maild.ticket import MessageKind, Participant, ParticipantRole
from tests.builders import ANN, NOW, a_ticket, some_settings, some_tokens
from tests.rig.mails import an_email
from tests.rig.occasions import an_occasion, rules_from

MACHINE = "noreply@shop.example"
SAYS = "E-mail: ann@globex.example\n\nMy order has not come.\n"
NAMING = """
rules:
  - id: shop
    when: mail.received
    if: {from: noreply@shop.example, body: {matches: '(?m)^E-mail: (?P<email>.*)$'}}
    do: [{set: {sender: "{{ match.email }}"}}]
"""
INTAKE = an_occasion(event=Event.MAIL_RECEIVED)
OURS = "Received: from out.example by mx.acme.example with ESMTPS id 1\nReceived: from laptop by out.example with ESMTPSA id 2"
PASSED = f"Authentication-Results: mx.acme.example; dmarc=pass header.from=shop.example\n{OURS}"
FAILED = f"Authentication-Results: mx.acme.example; dmarc=fail header.from=shop.example\n{OURS}"
NOBODY = OURS


def a_judged_desk(**changes: Any) -> Settings:
    return some_settings(**{"trust": Trust(authserv_ids=("mx.acme.example",)), **changes})


class Knowing:
    """What the store is asked about whom, and what it knows: of Ann, where that is more."""

    def __init__(self, known: Known | None = None, of_ann: Known | None = None) -> None:
        self.known = known or Known()
        self.of_ann = of_ann or self.known
        self.senders: list[str] = []

    def __call__(self, question: Question) -> Known:
        self.senders += [question.sender] if question.sender else []
        return self.of_ann if question.sender == ANN.key else self.known


def decided(
    body: str = SAYS,
    head: str = PASSED,
    *,
    rules: str = NAMING,
    settings: Settings | None = None,
    asking: Knowing | None = None,
    **mail: Any,
) -> Decision:
    """What becomes of a mail of the shop's machine with these headers on top."""
    raw = head.replace("\n", "\r\n").encode() + b"\r\n" + an_email(**{"sender": f"Shop <{MACHINE}>", "body": body, **mail})
    desk = Desk(settings or a_judged_desk(), rules_from(rules), some_tokens())
    return consider(parse_message(raw), Circumstances("support"), asking or Knowing(), desk, NOW)


def requester(decision: Decision) -> str:
    assert decision.after is not None
    return decision.after.requester.address


def letters(decision: Decision) -> list[tuple[str, str]]:
    return sorted((letter.template, person.address) for letter in decision.letters for person in letter.addressees)


def actions(decision: Decision) -> tuple[str, ...]:
    return tuple(words for trace in read_traces(decision.trace) for words in trace.actions)


def events(decision: Decision, kind: str) -> list[tuple[str, str]]:
    return [(effect.by, effect.text) for effect in decision.effects if isinstance(effect, RecordEvent) and effect.kind == kind]


def test_the_ticket_is_his_whom_the_rule_finds_and_he_is_answered():
    decision = decided(headers={"Auto-Submitted": "auto-generated", "Reply-To": MACHINE})
    assert requester(decision) == ANN.address
    assert ("received", ANN.address) in letters(decision)
    assert MACHINE not in [address for _, address in letters(decision)]
    assert decision.message_class == "human"
    (message,) = (effect for effect in decision.effects if isinstance(effect, AddMessage))
    assert (message.kind, message.author.address) == (MessageKind.CUSTOMER, ANN.address)


def test_the_trace_the_log_and_the_notification_say_who_wrote_and_who_was_set():
    decision = decided()
    assert actions(decision) == (f"sender set to {ANN.address}; the mail came from {MACHINE}",)
    assert events(decision, "sender_named") == [("rule shop", f"{ANN.address} wrote what came from {MACHINE}")]
    assert f"rule shop says who wrote it; the mail came from {MACHINE}" in [reason.text for reason in decision.evidence]
    (warnings,) = {letter.values["warnings"] for letter in decision.letters if letter.template == "notification"}
    assert warnings == (f"The mail came from {MACHINE}. Rule shop says that {ANN.address} wrote it.",)


def test_it_comes_to_the_same_as_a_contact_form_that_is_configured():
    form = decided(settings=a_judged_desk(forms=frozenset({MACHINE})), rules="rules: []", headers={"Reply-To": ANN.address})
    named = decided()
    assert letters(named) == letters(form)
    assert (named.after, named.message_class, named.auth, named.state) == (form.after, form.message_class, form.auth, form.state)


def test_everything_is_asked_anew_about_the_one_who_wrote_and_only_where_a_rule_names_him():
    asking = Knowing()
    decided(asking=asking)
    assert asking.senders == [MACHINE, ANN.address]
    asking = Knowing()
    decided("My order has not come.\n", asking=asking)
    assert asking.senders == [MACHINE]


def test_whom_a_machine_names_that_nothing_proves_is_sent_nothing_automatic():
    """P14: whoever writes such a mail himself could have anybody written to."""
    for unproven in (decided(head=NOBODY), decided(settings=some_settings())):
        assert requester(unproven) == ANN.address
        assert ANN.address not in [address for _, address in letters(unproven)]
        assert "nothing proves that it came from there" in str(events(unproven, "ack_withheld"))
        (warnings,) = {letter.values["warnings"] for letter in unproven.letters if letter.template == "notification"}
        assert f"The mail came from {MACHINE}, and nothing proves that it came from there. Rule shop says" in warnings[0]
    machines = decided(head=NOBODY, headers={"Auto-Submitted": "auto-generated"})
    assert machines.message_class == "auto_generated"


def test_a_forged_machine_names_nobody():
    decision = decided(head=FAILED)
    assert requester(decision) == MACHINE
    assert actions(decision) == ("skipped set sender {{ match.email }}: the sender failed authentication",)


@pytest.mark.parametrize("address", ["anna@acme.example", "BORIS@ACME.EXAMPLE", "support@acme.example", "sales+x@acme.example"])
def test_nobody_becomes_one_of_us(address):
    decision = decided(f"E-mail: {address}\n")
    assert requester(decision) == MACHINE
    assert "address" in actions(decision)[0]
    assert actions(decision)[0].startswith("skipped set sender")


def test_nor_the_address_for_commands_or_a_list_of_ours():
    control = replace(some_settings().desk, control="desk@acme.example")
    naming = SetSender(Text((Name("match", "email"),)), a_judged_desk(desk=control, own_lists=frozenset({"all@lists.example"})))
    for address in ("desk@acme.example", "all@lists.example"):
        with pytest.raises(ActionSkippedError, match="is an address of this desk"):
            naming.apply(Verdict(a_ticket()), Moment("shop", INTAKE, {"email": address}))


def test_what_an_agent_forwards_or_a_form_has_named_stands():
    naming = SetSender(Text(("bob@globex.example",)), some_settings())
    with pytest.raises(ActionSkippedError, match="Boris forwards it"):
        naming.apply(Verdict(a_ticket()), Moment("shop", replace(INTAKE, writer_stands="Boris forwards it"), {}))
    settings = a_judged_desk(forms=frozenset({MACHINE}))
    everything = NAMING.replace("from: noreply@shop.example, ", "")
    form = decided("E-mail: bob@globex.example\n", settings=settings, rules=everything, headers={"Reply-To": ANN.address})
    assert requester(form) == ANN.address
    assert actions(form) == ("skipped set sender {{ match.email }}: a form or a list has said who wrote the mail",)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "ann",
            "ann@",
            "@globex.example",
            "ann@globex",
            "ann@@globex.example",
            "a b@globex.example",
            "ann@globex.example eve@evil.example",
        ),
        *(
            "Ann <ann@globex.example>",
            "ann@globex.example, eve@evil.example",
            "anna@acme.example <ann@globex.example>",
            "ann@glo bex.example",
        ),
        *(
            '"ann"@globex.example',
            "ann@globex.example\u202e",
            "änn@globex.example",
            f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.x",
        ),
    ],
)
def test_what_is_not_one_bare_address_names_nobody(written):
    decision = decided(f"E-mail: {written}\n")
    assert requester(decision) == MACHINE
    assert actions(decision)[0].endswith("is no address")


def test_without_its_capture_the_action_is_left_out():
    rules = NAMING.replace("(?P<email>.*)$'}}", "(?P<email>.*)|order'}}")
    decision = decided("My order has not come.\n", rules=rules)
    assert (requester(decision), actions(decision)) == (MACHINE, ("skipped set sender {{ match.email }}: match.email is not there",))


def test_a_field_that_a_rule_before_has_set_will_do():
    setting = (
        "  - {id: first, when: mail.received, if: {body: {matches: '(?P<who>\\S+@\\S+)'}}, do: [{set: {field.who: \"{{ match.who }}\"}}]}"
    )
    rules = NAMING.replace("rules:", f"rules:\n{setting}").replace("match.email", "ticket.field.who")
    decision = decided(rules=rules)
    assert requester(decision) == ANN.address
    assert decision.after is not None
    assert decision.after.fields == {"who": ANN.address}


def test_he_is_proved_by_nothing_even_where_his_machine_is_of_his_domain():
    """A2: what passed stands for the machine."""
    decision = decided("E-mail: boss@shop.example\n")
    assert (requester(decision), decision.auth) == ("boss@shop.example", AuthResult.NONE)


def test_at_intake_rules_see_the_mail_as_it_came_and_from_then_on_as_his():
    at = "when: [mail.received, ticket.created]"
    rules = f"""{NAMING}
  - {{id: came, {at}, if: {{from: {MACHINE}, auth: pass}}, do: [{{tag: "of-{{{{ customer.domain }}}}"}}]}}
  - {{id: his, {at}, if: {{from: {ANN.address}, auth: none}}, do: [{{tag: hers}}]}}
"""
    decision = decided(rules=rules)
    assert decision.after is not None
    assert decision.after.tags == {"of-globex.example", "hers"}
    fired = [(trace.event, trace.rule) for trace in read_traces(decision.trace) if trace.fired]
    assert fired == [("mail.received", "shop"), ("mail.received", "came"), ("ticket.created", "his")]


def test_of_several_rules_the_last_has_the_word_and_one_in_shadow_has_none():
    other = NAMING.replace("id: shop", "id: other").replace("{{ match.email }}", "bob@globex.example").removeprefix("\nrules:\n")
    assert requester(decided(rules=NAMING + other)) == "bob@globex.example"
    assert requester(decided(rules=NAMING + other + "    mode: shadow\n")) == ANN.address


def test_what_is_kept_out_is_the_machines():
    stop = "  - {id: out, when: mail.received, if: {subject: {contains: casino}}, do: [{quarantine: no}]}\n"
    decision = decided(rules=NAMING + stop, subject="Casino")
    assert (decision.state, decision.author and decision.author.address) == (IncomingState.QUARANTINED, MACHINE)


def test_on_a_ticket_everybody_is_who_he_is():
    """F6: whoever knows a tag could speak there as its customer."""
    ticket = a_ticket(participants=(Participant(ANN, ParticipantRole.REQUESTER),))
    tag = some_tokens().mint_tag(ticket.number)
    decision = decided(asking=Knowing(Known(tickets={ticket.number: ticket})), subject=f"Re: {tag} Printer")
    assert decision.before == ticket
    (message,) = (effect for effect in decision.effects if isinstance(effect, AddMessage))
    assert (message.kind, message.author.address) == (MessageKind.THIRD_PARTY, MACHINE)
    assert actions(decision) == ("skipped set sender {{ match.email }}: the mail belongs to #1042",)


def test_being_named_opens_no_ticket_on_which_he_takes_part():
    """F3 d, e, f, g: for these her name alone would do, and anybody may have written it."""
    ticket = a_ticket(participants=(Participant(ANN, ParticipantRole.REQUESTER),))
    known = Known(
        tickets={ticket.number: ticket},
        by_id={"m0@globex.example": KnownMessage("m0@globex.example", ticket.number, internal=False)},
        adopters=(ticket.number,),
    )
    of_ann = replace(known, history=History(has_written=True, named_on=frozenset({ticket.number})))
    for mail in (
        {"headers": {"In-Reply-To": "<m0@globex.example>"}},
        {"headers": {"References": "<m0@globex.example>"}},
        {"subject": "[Acme #1042] Printer"},
    ):
        decision = decided(asking=Knowing(known, of_ann), **mail)
        assert (decision.before, requester(decision)) == (None, ANN.address), mail


def test_a_machine_that_has_guessed_too_often_is_believed_no_more_for_naming_somebody():
    """S6: neither is whom it names."""
    ticket = a_ticket(participants=(Participant(ANN, ParticipantRole.REQUESTER),))
    known = Known(tickets={ticket.number: ticket})
    guessed = replace(known, history=History(muted={guess_key(MACHINE): NOW}))
    decision = decided(asking=Knowing(guessed, known), subject=f"Re: {some_tokens().mint_tag(ticket.number)} Printer")
    assert (decision.before, requester(decision)) == (None, ANN.address)


def test_a_machine_that_answers_by_itself_is_still_seen_as_one():
    """L1: rules are not even asked."""
    decision = decided(headers={"Auto-Submitted": "auto-replied"})
    assert (decision.state, decision.reason.code) == (IncomingState.QUARANTINED, "auto")
    assert decision.author is not None
    assert decision.author.address == MACHINE


def test_mail_of_ours_that_comes_back_through_it_is_ours():
    """L1, F2."""
    decision = decided(headers={"X-Maild-Loop": some_tokens().mint_loop_header()})
    assert decision.reason.code == "own_loop"


def test_rules_that_are_tried_beside_may_name_another():
    """RULES.md 6: backtest."""
    desk = Desk(a_judged_desk(), rules_from("rules: []"), some_tokens())
    message = parse_message(PASSED.replace("\n", "\r\n").encode() + b"\r\n" + an_email(sender=MACHINE, body=SAYS))
    departments = find_departments(message, "support", desk.settings)[0]
    reading = read(message, Circumstances("support"), departments, Knowing(), desk, NOW)
    ours, theirs = consider_twice(reading, Rival(rules_from(NAMING), {}, Knowing(), lambda decision: True), Knowing(), desk, NOW)
    assert (requester(ours), requester(theirs)) == (MACHINE, ANN.address)


@given(
    st.text(max_size=80) | st.from_regex(r"[a-z.+@<>, ]{0,20}(?:anna|boris|support|eve)(?:\+[a-z]{0,3})?@(?:acme|evil)\.example[>, ]{0,2}")
)
def test_whatever_a_mail_says_it_makes_nobody_one_of_us(written):
    decision = decided(f"E-mail: {written}\n")
    settings, found = a_judged_desk(), requester(decision)
    assert not settings.agent_at(found)
    assert not settings.is_own_address(found)
    assert decision.auth in (AuthResult.NONE, AuthResult.PASS)
    assert (decision.auth is AuthResult.PASS) is (found == MACHINE)
