"""Mail that is doubted: what it becomes, what people are told, and who can let it in (MAIL.md S3-S5)."""

from dataclasses import replace
from typing import Any

from maild.config.settings import Settings, SpamPolicy, Trust
from maild.effects import Decision, IncomingState, RecordEvent
from maild.ingest.arrival import Part
from maild.ingest.opinion import Opinion
from maild.ingest.parse import parse_message
from maild.known import History, Known, KnownCopy, KnownMessage
from maild.pipeline import Desk, consider
from maild.reading import Circumstances
from tests.builders import NOW, a_ticket, some_settings, some_tokens
from tests.rig.mails import an_email
from tests.rig.occasions import rules_from

DONE, QUARANTINED = IncomingState.DONE, IncomingState.QUARANTINED
TAGGING = "version: 1\nrules: [{id: created, when: ticket.created, do: [{tag: [seen]}]}]\n"
OURS = "Received: from out.example by mx.acme.example with ESMTPS id 1"
THEIRS = "Received: from laptop by out.example with ESMTPSA id 2"
FAILED = f"Authentication-Results: mx.acme.example; dmarc=fail header.from=globex.example\n{OURS}\n{THEIRS}"
PASSED = f"Authentication-Results: mx.acme.example; dmarc=pass header.from=globex.example\n{OURS}\n{THEIRS}"


def a_desk(unauthenticated: Any = "ticket", **changes: Any) -> Settings:
    return some_settings(trust=Trust(authserv_ids=("mx.acme.example",), unauthenticated=unauthenticated), **changes)


def decided(
    head: str,
    settings: Settings | None = None,
    *,
    rules: str = TAGGING,
    known: Known | None = None,
    released: bool = False,
    part: Part = Part.INBOX,
    marked_junk: bool = False,
    opinion: Opinion | None = None,
    **mail: Any,
) -> Decision:
    """What becomes of Ann's mail with these headers on top."""
    raw = head.replace("\n", "\r\n").encode() + b"\r\n" + an_email(**mail)
    circumstances = Circumstances("support", released=released, part=part, marked_junk=marked_junk, opinion=opinion)
    desk = Desk(settings or a_desk(), rules_from(rules), some_tokens())
    return consider(parse_message(raw), circumstances, lambda question: known or Known(), desk, NOW)


def tags(decision: Decision) -> set[str]:
    return set(decision.after.tags) if decision.after else set()


def templates(decision: Decision) -> list[str]:
    return [letter.template for letter in decision.letters]


def warnings(decision: Decision) -> list[object]:
    return [letter.values["warnings"] for letter in decision.letters if letter.template == "notification"][:1]


def fired(decision: Decision) -> list[object]:
    return [trace["rule"] for trace in decision.trace if trace["fired"]]


def why_unacknowledged(decision: Decision) -> str:
    return "".join(effect.text for effect in decision.effects if isinstance(effect, RecordEvent) and effect.kind == "ack_withheld")


# A sender who failed authentication


def test_mail_of_a_sender_who_failed_opens_a_tagged_ticket_and_is_not_acknowledged():
    failed, passed = decided(FAILED), decided(PASSED)
    assert (failed.state, tags(failed), tags(passed)) == (DONE, {"unauthenticated", "seen"}, {"seen"})
    assert (set(templates(failed)), "received" in templates(passed)) == ({"notification"}, True)
    assert why_unacknowledged(failed) == "the sender failed authentication: DMARC failed for the From domain"
    assert warnings(failed) == [("The sender ann@globex.example failed authentication; this may be forged.",)]
    assert warnings(passed) == [()]


def test_whom_an_unproved_list_names_is_not_acknowledged_and_whom_our_own_names_is():
    """P14, L3, X8: the acknowledgement would go to whomever a forged mail names."""

    def mail(proof: str) -> Decision:
        headers = {"Reply-To": "Ann Smith <ann@globex.example>", "List-Post": "<mailto:support@acme.example>"}
        head = f"Authentication-Results: mx.acme.example; {proof}\n{OURS}"
        return decided(head, sender="'Ann Smith' via Support <support@acme.example>", headers=headers)

    proved, forged = mail("dmarc=pass header.from=acme.example"), mail("dmarc=none header.from=acme.example")
    assert [decision.after.requester.address for decision in (proved, forged) if decision.after] == ["ann@globex.example"] * 2
    assert templates(proved)[0] == "received"
    assert "received" not in templates(forged)
    assert why_unacknowledged(forged) == "its writer is named by support@acme.example, and nothing proves that it came from there"


def test_a_number_tried_in_vain_and_each_wrong_proof_are_remembered_as_one_guess():
    """S6, X2."""
    eve = {"sender": "Eve <eve@evil.example>", "subject": "Re: [Acme #1042] Printer"}
    others = Known(tickets={1042: a_ticket()})
    checked = eve | {"subject": "Re: [Acme #1042-0000] Printer"}
    addressed = eve | {"subject": "Hello", "to": f"support+{some_tokens().mint_reply(7).replace('r7', 'r8')}@acme.example"}
    cases = ((others, eve, 1), (Known(), eve, 1), (others, {"subject": eve["subject"]}, 0), (others, checked, 1), (others, addressed, 1))
    for known, mail, expected in cases:
        conduct = decided(OURS, known=known, **mail).conduct
        assert conduct is not None
        assert conduct.wrong_tokens == expected


def test_agents_are_told_where_the_sender_used_to_pass():
    warned = ("The sender ann@globex.example failed authentication, and earlier mail from there passed; this may be forged.",)
    assert warnings(decided(FAILED, known=Known(history=History(has_passed=True)))) == [warned]
    assert warnings(decided(PASSED, known=Known(history=History(has_passed=True)))) == [()]


def test_the_desk_may_keep_such_mail_out_and_then_no_ticket_is_created():
    decision = decided(FAILED, a_desk("quarantine"))
    assert (decision.state, decision.reason.code, decision.after, decision.effects) == (QUARANTINED, "unauthenticated", None, ())
    assert decision.reason.text == "the sender failed authentication: DMARC failed for the From domain: dmarc fail"
    assert fired(decision) == []
    assert decided(PASSED, a_desk("quarantine")).state is DONE


def test_an_answer_with_a_valid_token_is_let_in_and_one_without_is_kept_out():
    ticket = a_ticket()
    known = Known(tickets={1042: ticket}, by_id={"m0@globex.example": KnownMessage("m0@globex.example", 1042, internal=False)})
    anchored = decided(FAILED, a_desk("quarantine"), known=known, headers={"References": f"<{some_tokens().mint_anchor(1042)}>"})
    assert (anchored.state, anchored.after and anchored.after.number) == (DONE, 1042)
    guessed = decided(FAILED, a_desk("quarantine"), known=known, headers={"In-Reply-To": "<m0@globex.example>"})
    assert (guessed.state, guessed.reason.code) == (QUARANTINED, "unauthenticated")


def test_what_a_person_has_released_is_let_in_past_rules_and_doubts_alike():
    keeping_out = f"{TAGGING}  # and\n".replace("rules: [", "rules: [{id: out, when: mail.received, do: [{quarantine: no}]}, ")
    for settings, rules in ((a_desk("quarantine"), TAGGING), (a_desk(), keeping_out)):
        assert decided(FAILED, settings, rules=rules).state is QUARANTINED
        released = decided(FAILED, settings, rules=rules, released=True)
        assert (released.state, "seen" in tags(released)) == (DONE, True)


# What a filter calls spam

FLAGGED = f"X-Spam-Flag: YES\n{PASSED}"
FORGED_AND_FLAGGED = f"X-Spam-Flag: YES\n{FAILED}"
ACQUAINTED = Known(history=History(has_written=True))


def test_a_strangers_spam_is_kept_out_and_no_ticket_is_created():
    decision = decided(FLAGGED)
    assert (decision.state, str(decision.reason), decision.after, decision.effects) == (QUARANTINED, "X-Spam-Flag: YES", None, ())
    assert fired(decision) == []
    assert decision.evidence[-1].code == "spam"


def test_an_acquaintance_gets_a_ticket_and_agents_are_warned_but_nothing_is_acknowledged():
    decision = decided(FLAGGED, known=ACQUAINTED)
    assert (decision.state, tags(decision), set(templates(decision))) == (DONE, {"suspected-spam", "seen"}, {"notification"})
    assert warnings(decision) == [("This may be spam: X-Spam-Flag: YES.",)]
    assert why_unacknowledged(decision) == "X-Spam-Flag: YES"


def test_whoever_fails_authentication_is_nobodys_acquaintance():
    assert decided(FORGED_AND_FLAGGED, known=ACQUAINTED).state is QUARANTINED
    assert decided(FAILED, known=ACQUAINTED).state is DONE


def test_an_answer_to_a_letter_of_ours_reaches_its_ticket_whatever_a_filter_says():
    headers = {"References": f"<{some_tokens().mint_anchor(1042)}>"}
    decision = decided(FLAGGED, known=Known(tickets={1042: a_ticket()}), headers=headers)
    assert (decision.state, decision.after and decision.after.number, tags(decision)) == (DONE, 1042, set())
    assert warnings(decision) == [("This may be spam: X-Spam-Flag: YES.",)]


def test_a_desk_may_open_tickets_for_it_all_or_look_away():
    tagged = decided(FLAGGED, a_desk(spam=SpamPolicy(strangers="ticket")))
    assert (tagged.state, tags(tagged), "received" in templates(tagged)) == (DONE, {"suspected-spam", "seen"}, False)
    unseen = decided(FLAGGED, a_desk(spam=None))
    assert (unseen.state, tags(unseen), "received" in templates(unseen)) == (DONE, {"seen"}, True)


def test_what_a_person_has_released_is_a_ticket_like_any_other_but_that_spam_is_never_acknowledged():
    released = decided(FLAGGED, released=True)
    assert (released.state, tags(released), warnings(released)) == (DONE, {"seen"}, [()])
    assert why_unacknowledged(released) == "X-Spam-Flag: YES"


# The junk folder and the keyword of the server's copy


def test_in_the_junk_folder_acquaintances_mail_becomes_tickets_and_strangers_mail_is_kept_out_whatever_the_desk_does_with_spam():
    for settings in (a_desk(), a_desk(spam=SpamPolicy(strangers="ticket")), a_desk(spam=None)):
        decision = decided(PASSED, settings, part=Part.JUNK)
        assert (decision.state, str(decision.reason)) == (QUARANTINED, "it lies in the mailbox's junk folder")
        known = decided(PASSED, settings, known=ACQUAINTED, part=Part.JUNK)
        assert (known.state, tags(known), "received" in templates(known)) == (DONE, {"suspected-spam", "seen"}, False)


def test_a_keyword_of_the_servers_copy_is_evidence_like_a_header():
    decision = decided(PASSED, marked_junk=True)
    assert (decision.state, str(decision.reason)) == (QUARANTINED, "the server's copy is marked as junk")
    assert decided(PASSED, a_desk(spam=SpamPolicy(strangers="ticket")), marked_junk=True).state is DONE
    assert "received" in templates(decided(PASSED, a_desk(spam=None), marked_junk=True))


def test_what_a_person_moves_out_of_the_junk_folder_is_let_in_even_if_the_filters_headers_stay():
    message = parse_message(an_email(message_id="moved@globex.example"))
    copy = KnownCopy(7, message.fingerprint, message.date, None, in_quarantine=True, in_junk=True)
    moved = decided(FLAGGED, known=Known(same_id=(copy,)), message_id="moved@globex.example")
    assert (moved.state, moved.after is not None) == (DONE, True)
    again = decided(FLAGGED, known=Known(same_id=(copy,)), message_id="moved@globex.example", part=Part.JUNK)
    assert again.state is IncomingState.DUPLICATE
    other = replace(copy, in_junk=False)
    assert decided(FLAGGED, known=Known(same_id=(other,)), message_id="moved@globex.example").state is IncomingState.DUPLICATE


# Rules that let in

ALLOWING = """
version: 1
rules:
  - {id: allowed, when: mail.received, if: {from: ann@globex.example}, do: [{allow: a good customer}]}
  - {id: filter, when: mail.received, if: {any: [{spam: true}, {spam.score: {gte: 5}}]}, do: [{quarantine: a filter}]}
  - {id: created, when: ticket.created, do: [{tag: [seen]}]}
"""


def test_a_rule_that_allows_a_proved_sender_overrules_filters_and_later_rules():
    decision = decided(FLAGGED, rules=ALLOWING)
    assert (decision.state, tags(decision), "received" in templates(decision)) == (DONE, {"seen"}, True)
    assert warnings(decision) == [()]
    assert fired(decision) == ["allowed", "filter", "created"]
    assert [trace["actions"] for trace in decision.trace][:2] == [
        ("allowed: a good customer",),
        ("skipped quarantine: rule allowed lets it in",),
    ]


def test_a_rule_allows_nobody_who_is_not_proved():
    for head in (FORGED_AND_FLAGGED, f"X-Spam-Flag: YES\n{OURS}\n{THEIRS}"):
        decision = decided(head, rules=ALLOWING, known=ACQUAINTED)
        assert (decision.state, decision.reason.text) == (QUARANTINED, "a filter")
        assert decision.trace[0]["actions"] == ("skipped allow: the sender is not authenticated",)


def test_a_rule_that_keeps_out_comes_first_where_it_stands_first():
    first = ALLOWING.replace("id: allowed", "id: x, disabled: later").replace(
        "  - {id: created", "  - {id: allowed, when: mail.received, do: [{allow: late}]}\n  - {id: created"
    )
    decision = decided(FLAGGED, rules=first)
    assert (decision.state, decision.reason.text) == (QUARANTINED, "a filter")


def test_rules_are_asked_before_the_desk_keeps_anything_out():
    decision = decided(FLAGGED, rules="version: 1\nrules: [{id: mine, when: mail.received, if: {spam: true}, do: [{quarantine: mine}]}]\n")
    assert (decision.reason.code, decision.reason.text, fired(decision)) == ("quarantine", "mine", ["mine"])


# Points that rules give

SCORING = """
version: 1
rules:
  - {id: links, when: mail.received, do: [{score: {points: +4, reason: nothing but links}}]}
  - {id: high, when: mail.received, if: {score: {gte: 4}}, do: [{score: +5}]}
  - {id: regular, when: mail.received, if: {from: boris@globex.example}, do: [{score: -2.5}]}
  - {id: shadow, mode: shadow, when: mail.received, do: [{score: 100}]}
  - {id: told, when: ticket.created, if: {score: 9, spam: true}, do: [{tag: [told]}]}
"""
NINE = "score 9 of 8: links +4 (nothing but links), high +5"


def test_points_of_rules_add_up_and_keep_a_strangers_mail_out():
    decision = decided(PASSED, rules=SCORING)
    assert (decision.state, decision.reason.code, decision.reason.text) == (QUARANTINED, "score", NINE)
    assert (decision.score, decision.after, decision.letters) == (9, None, ())
    assert [trace["actions"] for trace in decision.trace if trace["fired"]] == [
        ("score +4, now 4: nothing but links",),
        ("score +5, now 9",),
        ("score +100, now 109",),
    ]


def test_below_the_threshold_points_are_remembered_and_do_nothing():
    decision = decided(PASSED, rules=SCORING, sender="boris@globex.example")
    assert (decision.state, decision.score, tags(decision)) == (DONE, 6.5, set())
    said = next(reason.text for reason in decision.evidence if reason.code == "score")
    assert said == "score 6.5 of 8: links +4 (nothing but links), high +5, regular -2.5"
    assert "received" in templates(decision)


def test_points_speak_of_a_customer_as_a_filter_does_he_gets_a_ticket_and_people_are_warned():
    decision = decided(PASSED, known=ACQUAINTED, rules=SCORING)
    assert (decision.state, tags(decision)) == (DONE, {"suspected-spam", "told"})
    assert warnings(decision) == [(f"This may be spam: {NINE}.",)]
    assert why_unacknowledged(decision) == NINE


def test_points_never_keep_an_answer_to_a_letter_of_ours_from_its_ticket():
    headers = {"References": f"<{some_tokens().mint_anchor(1042)}>"}
    decision = decided(PASSED, known=Known(tickets={1042: a_ticket()}), headers=headers, rules=SCORING)
    assert (decision.state, decision.after and decision.after.number, tags(decision)) == (DONE, 1042, set())
    assert warnings(decision) == [(f"This may be spam: {NINE}.",)]


def test_a_desk_chooses_its_threshold_or_none():
    def state(spam: SpamPolicy | None) -> tuple[IncomingState, bool]:
        decision = decided(PASSED, a_desk(spam=spam), rules=SCORING)
        return decision.state, "suspected-spam" in tags(decision)

    assert state(SpamPolicy(threshold=9.5)) == (DONE, False)
    assert state(SpamPolicy(threshold=9)) == (QUARANTINED, False)
    assert state(SpamPolicy(strangers="ticket")) == (DONE, True)
    assert state(SpamPolicy(threshold=None)) == (DONE, False)
    assert state(None) == (DONE, False)


def test_what_a_rule_allows_or_a_person_has_released_is_kept_out_by_no_points():
    allowing = SCORING.replace("rules:\n", "rules:\n  - {id: allowed, when: mail.received, do: [{allow: a good customer}]}\n")
    allowed = decided(PASSED, rules=allowing)
    assert (allowed.state, tags(allowed), "received" in templates(allowed)) == (DONE, {"told"}, True)
    released = decided(PASSED, rules=SCORING, released=True)
    assert (released.state, tags(released), warnings(released)) == (DONE, {"told"}, [()])
    forged = decided(FAILED, rules=allowing)
    assert forged.state is QUARANTINED, "whoever only says he is Ann is not let in by her name"


def test_fractions_add_up_as_people_add_them():
    fractions = "version: 1\nrules: [{id: a, when: mail.received, do: [{score: 0.7}, {score: 0.1}]}]\n"
    assert decided(PASSED, a_desk(spam=SpamPolicy(threshold=0.8)), rules=fractions).state is QUARANTINED


# A filter that was asked

BAD = Opinion("rspamd at mx", 7.5, 15, "add header", ("PILLS", "POLITE"))
GOOD = Opinion("rspamd at mx", 0.2, 15, "no action")


def test_what_the_desks_own_filter_says_is_evidence_like_a_header():
    kept_out = decided(PASSED, opinion=BAD)
    text = "rspamd at mx: add header, score 7.5 of 15 (PILLS, POLITE)"
    assert (kept_out.state, kept_out.reason.code, kept_out.reason.text) == (QUARANTINED, "spam", text)
    acquainted = decided(PASSED, opinion=BAD, known=ACQUAINTED)
    assert (acquainted.state, tags(acquainted), why_unacknowledged(acquainted)) == (DONE, {"suspected-spam", "seen"}, text)
    harmless = decided(PASSED, opinion=GOOD)
    assert (harmless.state, "received" in templates(harmless)) == (DONE, True)
    assert [str(each) for each in harmless.evidence if each.code == "filter"] == ["rspamd at mx: no action, score 0.2 of 15"]


def test_a_filters_good_word_outweighs_nobodys_bad_one():
    flagged = decided(FLAGGED, opinion=GOOD)
    assert (flagged.state, flagged.reason.text) == (QUARANTINED, "X-Spam-Flag: YES")


def test_where_the_filter_was_not_heard_mail_is_read_without_it_and_that_is_said():
    decision = decided(PASSED, opinion=Opinion("rspamd at mx", problem="no answer within 2 s"))
    assert (decision.state, "received" in templates(decision)) == (DONE, True)
    said = [str(each) for each in decision.evidence if each.code == "filter"]
    assert said == ["rspamd at mx was not heard: no answer within 2 s"]


def test_rules_see_what_the_filter_found():
    rule = "version: 1\nrules: [{{id: it, when: mail.received, if: {}, do: [{{quarantine: found}}]}}]\n"

    def fires(condition: str, opinion: Opinion, head: str = PASSED) -> bool:
        return decided(head, opinion=opinion, rules=rule.format(condition), known=ACQUAINTED).state is QUARANTINED

    assert fires("{spam.symbols: PILLS}", BAD)
    assert fires("{spam.symbols: {starts: pol}}", BAD)
    assert not fires("{spam.symbols: FORGED}", BAD)
    assert fires("{spam.action: add header, spam: true}", BAD)
    assert fires("{spam.score: 7.5}", BAD)
    assert fires("{spam.score: 9}", BAD, f"X-Spam-Score: 9\n{PASSED}"), "the highest that any filter gave"
    milter = f"X-Rspamd-Action: reject\nX-Spamd-Result: default: True [16.00 / 15.00]; FORGED(16.00)[]\n{PASSED}"
    assert fires("{spam.symbols: {has_all: [PILLS, FORGED]}, spam.action: add header}", BAD, milter), "whom one asks oneself knows best"
    assert fires("{spam.action: {exists: false}, spam.score: {exists: false}}", Opinion("rspamd at mx", problem="refused"))
