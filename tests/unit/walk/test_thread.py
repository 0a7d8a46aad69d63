"""Threading by evidence (MAIL.md F1-F7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import ANN, FAILED, NOW, a_message, a_queue, a_sender, a_ticket, some_settings, some_tokens

from maild.config.settings import Trust
from maild.ingest.author import Carrier
from maild.ingest.department import find_departments
from maild.ingest.sender import FoundToken, TokenPlace
from maild.ingest.thread import Thread, ask, find_thread
from maild.known import History, Known, KnownCopy, KnownMessage
from maild.known_letter import KnownLetter
from maild.message import Address
from maild.reason import Reason
from maild.ticket import Participant, ParticipantRole, Status
from maild.tokens import LetterKind, LetterToken

TOKENS = some_tokens()
STRANGER = a_sender(Address("Eve", "eve@evil.example"))
BOB = Address("Bob", "bob@globex.example")
LETTER = TOKENS.mint_message_id(LetterKind.ANSWER, 1042, 77)
TAG = TOKENS.mint_tag(1042)


def thread(message: Any, *, sender: Any = None, known: Known | None = None, **settings: Any) -> Thread:
    known = known or Known(tickets={1042: a_ticket()})
    desk = some_settings(**settings)
    (departments,) = find_departments(message, "support", desk)
    return find_thread(message, sender or a_sender(), departments, known, TOKENS, desk, NOW)


def check(message: Any, ticket: int | None, grade: str = "", **more: Any) -> None:
    found = thread(message, **more)
    assert (found.ticket.number if found.ticket else None) == ticket, found
    assert (found.chosen.grade if found.chosen else "") == grade


def a_known(message_id: str, **changes: Any) -> KnownMessage:
    return replace(KnownMessage(message_id, 1042, False), **changes)


def a_known_letter(**changes: Any) -> KnownLetter:
    return replace(KnownLetter(77, LETTER, LetterKind.ANSWER, 1042, None, False, NOW), **changes)


def a_copy(**changes: Any) -> KnownCopy:
    return replace(KnownCopy(7, "f0", NOW - timedelta(days=1), 1042, in_quarantine=False), **changes)


def test_our_own_id_is_strong_evidence_for_anybody():
    check(a_message(in_reply_to=(LETTER,)), 1042, "b")
    check(a_message(references=("x@y", LETTER)), 1042, "b", sender=STRANGER)
    check(a_message(references=(TOKENS.mint_anchor(1042),)), 1042, "b", sender=STRANGER)


def to(*addresses: str) -> dict[str, Any]:
    return {"to": tuple(Address("", address) for address in addresses)}


def test_a_reply_address_is_the_strongest_evidence_for_anybody():
    reply, bounce = f"support+{TOKENS.mint_reply(1042)}@acme.example", f"sales+{TOKENS.mint_bounce(77, 1)}@acme.example"
    answer = f"help+{TOKENS.mint_answer(1042, 78, 'anna')}@acme.example"
    known = Known(tickets={1042: a_ticket(), 7: a_ticket(7)}, letters={77: a_known_letter()})
    other = TOKENS.mint_message_id(LetterKind.ANSWER, 7, 70)
    check(a_message(in_reply_to=(other,), **to(reply)), 1042, "a", sender=STRANGER, known=known)
    check(a_message(recipients=(reply.upper(),), to=()), 1042, "a", sender=STRANGER)
    check(a_message(cc=(Address("", reply),)), 1042, "a", sender=a_sender(ANN, authentication=FAILED))
    check(a_message(**to(bounce)), 1042, "a", sender=STRANGER, known=known)
    helped = {"support": a_queue(aliases=("help@acme.example",))}
    check(a_message(**to(answer)), 1042, "a", queues=helped)
    assert [item.ticket for item in thread(a_message(in_reply_to=(other,), **to(reply)), known=known).dissent] == [7]


def test_a_forged_reply_address_is_no_evidence():
    forged = TOKENS.mint_reply(7).replace("r7", "r1042")
    for address in (f"support+{forged}@acme.example", f"support+{TOKENS.mint_reply(1042)}@evil.example", "support+r1042@acme.example"):
        check(a_message(**to(address)), None, sender=STRANGER)
        assert thread(a_message(**to(address))).evidence == ()
    check(a_message(**to(f"support+{TOKENS.mint_bounce(77, 1)}@acme.example")), None)


def test_a_valid_tag_lets_a_colleague_in():
    check(a_message(subject=f"Re: {TAG} Printer"), 1042, "c", sender=STRANGER)


def test_a_guessed_number_does_not():
    message = a_message(subject="Re: [Acme #1042] Printer")
    check(message, None, sender=STRANGER)
    assert thread(message, sender=STRANGER).follow_up_of == 1042
    check(message, 1042, "f")


def test_of_several_numbers_only_the_last_is_tried():
    """F4; or one subject could count up to somebody's ticket."""
    known = Known(tickets={1042: a_ticket(), 7: a_ticket(7, requester=BOB)})
    check(a_message(subject="[Acme #7] Re: [Acme #1042]"), 1042, "f", known=known)
    check(a_message(subject="[Acme #1042] Re: [Acme #7]"), None, known=known)
    check(a_message(subject=f"{TAG} Re: [Acme #7]"), 1042, "c", known=known)


def test_tags_can_be_kept_for_participants():
    check(a_message(subject=TAG), None, sender=STRANGER, trust=Trust(tag_grants="participants"))
    check(a_message(subject=TAG), 1042, "c", trust=Trust(tag_grants="participants"))


def test_a_stored_foreign_id_counts_for_participants():
    known = Known(tickets={1042: a_ticket(participants=(Participant(BOB, ParticipantRole.CC),))}, by_id={"m0@x": a_known("m0@x")})
    check(a_message(in_reply_to=("m0@x",)), 1042, "d", known=known)
    check(a_message(references=("m0@x",)), 1042, "e", known=known, sender=a_sender(BOB))
    check(a_message(references=("m0@x",)), None, known=known, sender=STRANGER)


def test_whoever_was_named_on_the_ticket_may_answer_by_a_known_id():
    known = Known(tickets={1042: a_ticket()}, by_id={"m0@x": a_known("m0@x")}, history=History(named_on=frozenset({1042})))
    check(a_message(in_reply_to=("m0@x",)), 1042, "d", known=known, sender=STRANGER)
    check(a_message(references=("m0@x",)), 1042, "e", known=known, sender=STRANGER)
    check(a_message(subject="[Acme #1042]"), None, known=known, sender=STRANGER)


def test_a_guesser_is_believed_nothing_but_tokens():
    sender = a_sender(distrust=Reason("guessing", "ann@globex.example guessed 10 tags"))
    check(a_message(subject=TAG), None, sender=sender)
    check(a_message(subject="[Acme #1042]"), None, sender=sender)
    check(a_message(in_reply_to=(LETTER,)), 1042, "b", sender=sender)


def test_whom_a_form_or_list_names_gets_in_by_what_opens_to_anybody_and_by_nothing_else():
    """P14: Reply-To is never identity. Ann's own answer through the list has our id or tag."""
    known = Known(tickets={1042: a_ticket()}, by_id={"m0@x": a_known("m0@x")}, adopters=(1042,))
    for carrier in (Carrier(is_form=True), Carrier(is_form=False), Carrier(is_form=False, unproven=Reason("unproven-list", "x"))):
        sender = a_sender(carrier=carrier)
        check(a_message(in_reply_to=(LETTER,)), 1042, "b", sender=sender)
        check(a_message(subject=TAG), 1042, "c", sender=sender)
        check(a_message(subject=TAG), None, sender=sender, trust=Trust(tag_grants="participants"))
        check(a_message(subject="[Acme #1042]"), None, sender=sender)
        found = thread(a_message(in_reply_to=("m0@x",), references=("m0@x",)), sender=sender, known=known)
        assert (found.ticket, found.follow_up_of) == (None, 1042)
        assert {reason.code for reason in found.refused} == {"named-by-a-machine"}
    check(a_message(in_reply_to=("m0@x",)), 1042, "d", known=known)


def test_the_strongest_evidence_wins_and_disagreement_stays_visible():
    known = Known(tickets={1042: a_ticket(), 7: a_ticket(7)})
    found = thread(a_message(subject="[Acme #7]", in_reply_to=(LETTER,)), known=known)
    assert found.ticket is not None
    assert found.ticket.number == 1042
    assert [(item.grade, item.ticket) for item in found.evidence] == [("b", 1042), ("f", 7)]
    assert [item.ticket for item in found.dissent] == [7]


def test_a_ticket_of_the_same_conversation_is_no_disagreement():
    followed = Known(tickets={1042: a_ticket(follow_up_of=7), 7: a_ticket(7)}, by_id={"old@x": a_known("old@x", ticket=7)})
    message = a_message(in_reply_to=(LETTER,), references=("old@x", TOKENS.mint_anchor(7)))
    assert thread(message, known=followed).dissent == ()
    merged = Known(tickets={1042: a_ticket(), 7: a_ticket(7, status=Status.MERGED, merged_into=1042)})
    assert thread(a_message(subject="[Acme #7]", in_reply_to=(LETTER,)), known=merged).dissent == ()


def test_failed_authentication_leaves_only_strong_evidence():
    sender = a_sender(ANN, authentication=FAILED)
    check(a_message(subject=TAG), None, sender=sender)
    check(a_message(in_reply_to=(LETTER,)), 1042, "b", sender=sender)


def test_an_orphan_is_adopted_by_the_ticket_that_names_it():
    known = Known(tickets={1042: a_ticket()}, adopters=(1042,))
    check(a_message(), 1042, "g", known=known)
    check(a_message(), None, known=known, sender=STRANGER)
    check(a_message(cc=(ANN,)), 1042, "g", known=known, sender=STRANGER)
    old = Known(tickets={1042: a_ticket(created=NOW - timedelta(days=15))}, adopters=(1042,))
    check(a_message(), None, known=old)


def test_merged_tickets_lead_on_and_circles_lead_nowhere():
    merged = {1042: a_ticket(status=Status.MERGED, merged_into=7), 7: a_ticket(7)}
    check(a_message(in_reply_to=(LETTER,)), 7, "b", known=Known(tickets=merged))
    circle = merged | {7: a_ticket(7, status=Status.MERGED, merged_into=1042)}
    check(a_message(in_reply_to=(LETTER,)), None, known=Known(tickets=circle))


def test_a_token_of_a_deleted_ticket_resolves_to_nothing():
    check(a_message(in_reply_to=(LETTER,)), None, known=Known())


def test_the_same_id_is_a_duplicate_a_variant_or_a_collision():
    message = a_message()
    same = a_copy(fingerprint=message.fingerprint)
    assert thread(message, known=Known(same_id=(same,))).duplicate == same
    variant = thread(message, known=Known(same_id=(a_copy(date=message.date),)))
    assert (variant.duplicate is not None, variant.variant) == (True, True)
    footed = thread(message, known=Known(same_id=(a_copy(date=message.date, author=ANN.key),)))
    assert (footed.duplicate is not None, footed.variant) == (True, True)
    collision = thread(message, known=Known(same_id=(a_copy(),)))
    assert (collision.duplicate, collision.collision) == (None, True)


def test_what_an_agent_has_forwarded_is_known_by_its_date_to_the_minute_where_his_program_tells_no_more():
    """F1, A12. The id is his program's word: where nothing else agrees it is another mail's as before."""
    at = NOW.replace(minute=2, second=11)
    for date, written, is_same in (
        (at, at, True),
        (at, at.replace(second=0), True),
        (at.replace(second=12), at, False),
        (at.replace(minute=3), at.replace(second=0), False),
    ):
        copy = a_copy(fingerprint="", date=written, author=ANN.key, handed_in=True)
        found = thread(a_message(date=date), known=Known(same_id=(copy,)))
        assert (found.duplicate == copy, found.collision) == (is_same, False)
    assert thread(a_message(date=at), known=Known(same_id=(a_copy(date=at.replace(second=0)),))).collision


def test_somebody_elses_mail_under_the_same_id_and_date_displaces_none():
    """F1, Q1: whoever got a copy of a mail knows both, and may be here before it."""
    message = a_message()
    eves = a_copy(date=message.date, author="eve@evil.example")
    found = thread(message, known=Known(same_id=(eves,)))
    assert (found.duplicate, found.variant, found.collision) == (None, False, True)
    forged = a_copy(date=message.date, author=ANN.key, failed=True)
    assert thread(message, known=Known(same_id=(forged,))).collision
    # A list's footer breaks signatures, so that of two copies of hers either may have failed.
    assert thread(message, sender=a_sender(authentication=FAILED), known=Known(same_id=(forged,))).variant
    anns = a_copy(incoming=8, date=message.date, author=ANN.key)
    assert thread(message, sender=a_sender(authentication=FAILED), known=Known(same_id=(anns,))).duplicate == anns
    assert thread(message, known=Known(same_id=(eves, anns))).duplicate == anns


def test_a_mail_is_known_again_by_the_departments_it_was_read_for():
    """F10: a department that splits knows only its own copy; the others share theirs, whichever of them it was for."""
    message = a_message(to=(Address("", "support@acme.example"),))
    queues = {"support": a_queue(), "sales": a_queue("sales"), "staff": a_queue("staff", split=True)}
    for read_for, is_duplicate in ((("support",), True), (("sales",), True), (("staff",), False), (("staff", "sales"), True), ((), True)):
        copy = a_copy(fingerprint=message.fingerprint, departments=frozenset(read_for))
        found = thread(message, known=Known(same_id=(copy,)), queues=queues)
        assert (found.duplicate is not None, found.linked) == (is_duplicate, None if is_duplicate else 1042), read_for
    to_staff = a_message(to=(Address("", "staff@acme.example"),))
    for read_for, is_duplicate in ((("support",), False), (("staff",), True), (("support", "staff"), True), ((), True)):
        copy = a_copy(fingerprint=message.fingerprint, departments=frozenset(read_for))
        assert (thread(to_staff, known=Known(same_id=(copy,)), queues=queues).duplicate is not None) == is_duplicate, read_for


def test_a_copy_that_was_let_in_counts_before_one_in_quarantine():
    message = a_message()
    let_in = a_copy(incoming=8, fingerprint=message.fingerprint)
    kept_out = a_copy(fingerprint=message.fingerprint, ticket=None, in_quarantine=True)
    assert thread(message, known=Known(same_id=(kept_out, let_in))).duplicate == let_in


def test_an_answer_we_sent_to_another_department_is_a_request_there_linked_with_its_ticket():
    """F2, second half."""
    to_sales = a_message(message_id=LETTER, to=(Address("", "sales@acme.example"),), in_reply_to=("m0@globex.example",))
    sent = Known(tickets={1042: a_ticket()}, own=a_known_letter(), own_recipients=("sales@acme.example",))
    found = thread(to_sales, known=sent)
    assert (found.passed_on, found.ticket, found.linked) == (True, None, 1042)
    for what, known in (
        ("only its To says so", replace(sent, own_recipients=(ANN.address,))),
        ("an acknowledgement", replace(sent, own=a_known_letter(kind=LetterKind.ACKNOWLEDGEMENT))),
        ("its own department's", replace(sent, tickets={1042: a_ticket(queue="sales")})),
        ("of a ticket that is gone", replace(sent, tickets={})),
    ):
        assert not thread(to_sales, known=known).passed_on, what


def test_departments_that_write_to_each_other_each_keep_to_their_own_ticket():
    """F2: what sales answers in its ticket 7 reaches support in the ticket 1042 that it is linked with."""
    to_support = a_message(message_id="c.7.80@acme.example", in_reply_to=(LETTER,))
    known = Known(
        tickets={1042: a_ticket(), 7: a_ticket(7, queue="sales")},
        own=a_known_letter(letter=80, ticket=7),
        own_recipients=("support@acme.example",),
    )
    found = thread(to_support, known=known)
    assert (found.passed_on, found.ticket and found.ticket.number) == (True, 1042)


def test_a_reply_to_something_internal_is_internal():
    internal = Known(tickets={1042: a_ticket()}, by_id={"n@x": a_known("n@x", internal=True)})
    assert thread(a_message(in_reply_to=("n@x",)), known=internal).parent_internal
    letter = Known(tickets={1042: a_ticket()}, letters={77: a_known_letter(internal=True)})
    assert thread(a_message(in_reply_to=(LETTER,)), known=letter).parent_internal
    assert not thread(a_message(in_reply_to=(LETTER,))).parent_internal


def test_an_agents_answer_to_a_note_is_internal_whatever_ids_a_relay_has_left_in_it():
    """A6, F11, O1a: the note's token stands in the address, References name the customer's mail."""
    token = FoundToken(LetterToken(LetterKind.NOTIFICATION, 1042, 77, "anna"), TokenPlace.RECIPIENT)
    anna = a_sender(Address("Anna", "anna@acme.example"), agent="anna", token=token)
    message = a_message(in_reply_to=("relay@x",), references=("m0@x", "relay@x"))
    for internal in (True, False):
        known = Known(
            tickets={1042: a_ticket()},
            by_id={"m0@x": a_known("m0@x")},
            letters={77: a_known_letter(kind=LetterKind.NOTIFICATION, agent="anna", internal=internal)},
        )
        assert thread(message, sender=anna, known=known).parent_internal is internal
        assert not thread(message, sender=replace(anna, agent=None), known=known).parent_internal


def test_the_question_names_all_that_must_be_known():
    message = a_message(
        subject=f"{TAG} [Acme #7]",
        in_reply_to=(LETTER,),
        references=("a@b", TOKENS.mint_anchor(9)),
        recipients=tuple(f"support+{detail}@acme.example" for detail in (TOKENS.mint_reply(8), TOKENS.mint_bounce(70, 1))),
    )
    question = ask(message, a_sender(), None, TOKENS, some_settings())
    assert question.tickets == {1042, 7, 8, 9}
    assert question.letters == {77, 70}
    assert question.ids == (LETTER, TOKENS.mint_anchor(9), "a@b")
    assert question.addressees == {ANN.address}
