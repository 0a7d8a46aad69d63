"""Merging, linking and undoing (PRODUCT 21; MAIL.md A7, F9): what becomes of the tickets, and what speaks against it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import ANN, NOW, a_ticket, some_settings

from maild.desk.command import Command
from maild.desk.contradictions import ONE_ONLY
from maild.desk.regroup import Named, Reach, find_named, merged_into
from maild.desk.verbs import Performed, perform
from maild.effects import Link, Merge, RecordEvent, Undo
from maild.message import Address
from maild.regrouping import Regrouping, RegroupingKind, standing_of
from maild.ticket import Participant, ParticipantRole, Status, TicketView, Tier

BOB = Address("Bob", "bob@globex.example")
EVE = Address("Eve", "eve@else.example")
COPIES = ParticipantRole.CC


def told(*commands: str, ticket: TicketView | None = None, others: tuple[TicketView, ...] = (a_ticket(7),), **more: Any) -> Performed:
    words = [Command(*command.partition(" ")[::2], line) for line, command in enumerate(commands, 1)]
    reach = Reach({view.number: view for view in others}, **{"is_sure": True} | more)
    return perform(ticket or a_ticket(1042), words, "anna", some_settings(), NOW, reach)


def fault(*commands: str, **more: object) -> str:
    performed = told(*commands, **more)  # type: ignore[arg-type]
    (only,) = performed.faults
    assert performed.effects == ()
    return only.text


def test_a_ticket_is_named_as_people_write_it():
    for argument in ("1042", "#1042", "#1042-7QKD", "[Acme #1042-7QKD]", "[Acme Support #1042]", " 01042 "):
        assert find_named(argument) == Named(1042), argument
    assert find_named("#1042 Anyway") == Named(1042, anyway=True)
    for argument in ("", "printer", "1042 1043", "1042, please", "-1", "1" * 30, "anyway", "printer 1042"):
        assert find_named(argument) is None, argument


def test_this_ticket_goes_into_the_one_named_and_both_logs_say_so():
    done = told("merge 7")
    assert (done.ticket.number, done.into) == (7, a_ticket(7))
    assert done.effects == (Merge(a_ticket(1042), a_ticket(7), done.ticket, "anna"),)
    assert done.events == (
        RecordEvent("merged", "anna", "#1042 went into this ticket, with its messages"),
        RecordEvent("merged", "anna", "went into #7: there its messages are, and what comes", on=1042),
    )


def test_whatever_else_is_commanded_happens_to_what_comes_of_it():
    for commands in (("merge 7", "close", "tag done"), ("close", "tag done", "merge 7")):
        done = told(*commands)
        assert (done.ticket.number, done.ticket.status, done.ticket.tags) == (7, Status.CLOSED, {"done"})


def test_messages_tags_ids_and_an_owner_come_along_and_the_rest_stays():
    gone = a_ticket(1042, tags=frozenset({"a", "b"}), owner="boris", references=("m2@x",), last_customer_id="m2@x", agent_messages=2)
    stays = a_ticket(7, tags=frozenset({"b", "c"}), references=("m1@x",), subject="First", queue="sales")
    after = told("merge 7", ticket=gone, others=(stays,)).ticket
    assert (after.tags, after.owner, after.references, after.last_customer_id) == ({"a", "b", "c"}, "boris", ("m1@x", "m2@x"), "m2@x")
    assert (after.customer_messages, after.agent_messages) == (2, 2)
    assert (after.subject, after.queue, after.priority, after.requester) == ("First", "sales", stays.priority, ANN)


def test_an_owner_stays_and_nobody_becomes_one_who_does_not_work_there():
    for mine, theirs, owner in (("boris", "anna", "anna"), ("anna", None, None)):
        after = told("merge 7", ticket=a_ticket(owner=mine), others=(a_ticket(7, owner=theirs, queue="sales"),)).ticket
        assert after.owner == owner


def test_what_nobody_has_answered_opens_a_ticket_that_rests():
    table = {
        (Status.NEW, Status.CLOSED): Status.OPEN,
        (Status.OPEN, Status.WAITING): Status.OPEN,
        (Status.WAITING, Status.CLOSED): Status.CLOSED,
        (Status.CLOSED, Status.WAITING): Status.WAITING,
        (Status.OPEN, Status.NEW): Status.NEW,
        (Status.CLOSED, Status.OPEN): Status.OPEN,
    }
    for (mine, theirs), status in table.items():
        after = told("merge 7", ticket=a_ticket(status=mine), others=(a_ticket(7, status=theirs, closed_at=NOW),)).ticket
        assert after.status is status, (mine, theirs)


TOMORROW = NOW + timedelta(days=1)


def test_what_nobody_has_answered_wakes_a_ticket_that_is_snoozed():
    """F9, PRODUCT 18: as it would have if it had come there."""
    for mine, until in ((Status.NEW, None), (Status.OPEN, None), (Status.WAITING, TOMORROW), (Status.CLOSED, TOMORROW)):
        after = told("merge 7", ticket=a_ticket(status=mine), others=(a_ticket(7, snoozed_until=TOMORROW),)).ticket
        assert after.snoozed_until == until, mine


def test_a_snooze_goes_with_its_ticket_unless_the_same_mail_says_until_when():
    asleep = a_ticket(snoozed_until=TOMORROW)
    assert told("merge 7", ticket=asleep).ticket.snoozed_until is None
    done = told("snooze 1w", "merge 7", ticket=asleep)
    assert (done.ticket.number, done.ticket.snoozed_until, done.snooze_set) == (7, NOW + timedelta(weeks=1), True)
    assert merged_into(asleep, done.ticket).snoozed_until is None


def test_what_cannot_be_merged_is_said_in_a_sentence():
    assert fault("merge") == "#merge needs the number of the ticket into which this one is to go, as in #merge 1042"
    assert fault("merge printer").startswith("#merge needs the number")
    assert fault("merge 8") == "there is no ticket 8; #list WORDS by mail, or `maild ticket list`, finds the right one"
    assert fault("merge 1042", others=(a_ticket(1042),)) == "this is ticket 1042 itself; name another"
    merged = a_ticket(7, status=Status.MERGED, merged_into=3)
    assert fault("merge 7", others=(merged,)) == "ticket 7 went into #3; name that one"
    back = a_ticket(7, status=Status.MERGED, merged_into=1042)
    assert fault("merge 7", others=(back,)) == "ticket 7 went into this one already"
    assert fault("merge 7", others=(a_ticket(7, status=Status.SPAM),)) == "ticket 7 is spam; #open it first"
    assert fault("merge 7", ticket=a_ticket(status=Status.SPAM)) == "ticket 1042 is spam; #open it first"
    assert fault("merge 7", "merge 8", others=(a_ticket(7), a_ticket(8))) == f"#merge 8 contradicts #merge 7 in line 1; {ONE_ONLY}"


def test_nobody_sees_anothers_conversation_unless_the_agent_says_so():
    bobs = a_ticket(1042, requester=BOB)
    why = (
        "ticket 7 is ann@globex.example's, this one is bob@globex.example's; bob@globex.example would get the answers of ticket 7; "
        "if that is right, write #merge 7 anyway (at the command line --yes)"
    )
    assert fault("merge 7", ticket=bobs) == why
    done = told("merge 7 anyway", ticket=bobs)
    assert (done.ticket.requester, done.ticket.cc) == (ANN, (BOB,))
    assert done.events[-1] == RecordEvent("joined", "anna", "bob@globex.example gets copies")


def test_a_forger_who_put_himself_in_copy_of_another_request_does_not_come_along_unseen():
    with_eve = a_ticket(1042, participants=(Participant(EVE, COPIES),))
    assert fault("merge 7", ticket=with_eve).startswith("eve@else.example would get the answers of ticket 7; if that is right")
    assert told("merge 7 anyway", ticket=with_eve).ticket.cc == (EVE,)
    known = a_ticket(7, participants=(Participant(EVE, COPIES),))
    assert told("merge 7", ticket=with_eve, others=(known,)).ticket.cc == (EVE,)


def test_a_third_party_stays_one_until_a_customer_of_either_ticket_has_him_in_copy():
    stranger, copied = Participant(EVE, ParticipantRole.THIRD_PARTY), Participant(EVE, COPIES)
    for mine, theirs, role in ((stranger, None, stranger), (stranger, copied, copied), (copied, stranger, copied)):
        gone = a_ticket(1042, participants=(mine,))
        stays = a_ticket(7, participants=(theirs,) if theirs else ())
        assert told("merge 7 anyway", ticket=gone, others=(stays,)).ticket.participants == (role,)


def test_no_agent_of_ours_gets_copies_because_he_asked_for_something_himself():
    mine = a_ticket(1042, requester=Address("Boris Petrov", "boris@acme.example"))
    assert "this one is boris@acme.example's" in fault("merge 7", ticket=mine)
    assert told("merge 7 anyway", ticket=mine).ticket.cc == ()


def test_a_customer_who_writes_from_two_addresses_is_one():
    """F8: an agent has said so with `#same` on either ticket."""
    hers = Participant(BOB, ParticipantRole.REQUESTER)
    mine, bobs = a_ticket(participants=(hers,)), a_ticket(7, requester=BOB)
    assert [person.role for person in told("merge 7", ticket=mine, others=(bobs,)).ticket.participants] == [ParticipantRole.REQUESTER]
    assert told("merge 7", ticket=replace(bobs, number=1042), others=(replace(mine, number=7),)).ticket.participants == (hers,)
    eves = a_ticket(7, requester=EVE)
    assert "would get the answers of ticket 7" in fault("merge 7", ticket=mine, others=(eves,))
    merged = told("merge 7 anyway", ticket=mine, others=(eves,)).ticket
    assert [(person.address, person.role) for person in merged.participants] == [(ANN, COPIES), (BOB, COPIES)]


def test_what_the_requester_of_either_was_not_to_be_shown_he_is_not():
    for mine, theirs, since in ((NOW, None, NOW), (None, NOW, NOW), (NOW, TOMORROW, TOMORROW), (None, None, None)):
        after = told("merge 7", ticket=a_ticket(requester_since=mine), others=(a_ticket(7, requester_since=theirs),)).ticket
        assert after.requester_since == since


def test_a_token_of_one_ticket_alone_opens_no_other_customers():
    """A3: such a token may have leaked, and numbers can be counted up to."""
    bobs = a_ticket(1042, requester=BOB)
    assert "a reply does not prove enough on this desk" in fault("merge 7 anyway", ticket=bobs, is_sure=False)
    assert told("merge 7", is_sure=False).faults == ()


def test_linked_tickets_name_each_other():
    done = told("link #7", "link 8", others=(a_ticket(7), a_ticket(8)))
    assert (done.ticket, done.effects) == (a_ticket(1042), (Link(7, "anna", ""), Link(8, "anna", "")))
    assert fault("link") == "#link needs the number of another ticket, as in #link 1042"
    assert fault("link 9") == "there is no ticket 9; #list WORDS by mail, or `maild ticket list`, finds the right one"
    assert fault("link 7", others=(a_ticket(7, status=Status.MERGED, merged_into=3),)) == "ticket 7 went into #3; name that one"


def merge_of(stays: TicketView, gone: TicketView) -> tuple[TicketView, Regrouping]:
    """The ticket after a merge, and what is remembered of it."""
    after = told("merge 7 anyway", ticket=gone, others=(stays,)).ticket
    merged = replace(gone, status=Status.MERGED, merged_into=7, closed_at=None)
    standings = (standing_of(stays), standing_of(after), standing_of(gone))
    return after, Regrouping(3, RegroupingKind.MERGE, 7, merged, NOW, *standings)


GONE = a_ticket(1042, requester=BOB, status=Status.NEW, tags=frozenset({"a"}), owner="boris", references=("m2@x",), last_customer_id="m2@x")
STAYS = a_ticket(7, status=Status.CLOSED, closed_at=NOW, tags=frozenset({"b"}), references=("m1@x",))


def test_a_merge_that_is_undone_leaves_both_tickets_as_they_were():
    after, last = merge_of(STAYS, GONE)
    assert after.status is Status.OPEN
    done = told("undo", ticket=after, last=last)
    assert (done.ticket, done.effects) == (STAYS, (Undo(3, GONE),))
    assert [(event.kind, event.text, event.on) for event in done.events] == [
        ("undone", "the merge with #1042", 7),
        ("undone", "the merge with #7", 1042),
    ]


def test_what_was_done_to_the_ticket_since_the_merge_stays_done():
    after, last = merge_of(STAYS, GONE)
    since = replace(after, tags=frozenset({"a", "b", "c"}), status=Status.WAITING, owner="anna", references=("m1@x", "m2@x", "m3@x"))
    eve = Participant(EVE, COPIES)
    since = replace(since, participants=(*after.participants, eve), last_customer_id="m3@x", customer_messages=3)
    undone = told("undo", ticket=since, last=last).ticket
    assert (undone.tags, undone.status, undone.owner, undone.cc) == ({"b", "c"}, Status.WAITING, "anna", (EVE,))
    assert (undone.references, undone.last_customer_id, undone.customer_messages) == (("m1@x", "m3@x"), "m3@x", 2)


def test_snoozes_come_back_with_the_tickets_whose_they_were():
    gone, stays = replace(GONE, snoozed_until=TOMORROW), replace(STAYS, status=Status.WAITING, closed_at=None, snoozed_until=TOMORROW)
    after, last = merge_of(stays, gone)
    last = replace(last, other=replace(last.other, snoozed_until=None))
    assert after.snoozed_until is None
    done = told("undo", ticket=after, last=last)
    assert (done.ticket, done.effects) == (stays, (Undo(3, gone),))
    later = TOMORROW + timedelta(days=1)
    assert told("undo", ticket=replace(after, snoozed_until=later), last=last).ticket.snoozed_until == later


def test_what_the_customer_has_written_since_a_merge_keeps_its_ticket_open_and_awake():
    """Promise 1: his mail would rest on a ticket that nobody looks at."""
    for stays in (STAYS, replace(STAYS, status=Status.WAITING, closed_at=None, snoozed_until=TOMORROW)):
        after, last = merge_of(stays, GONE)
        undone = told("undo", ticket=replace(after, last_customer_id="m3@x", customer_messages=3), last=last).ticket
        assert (undone.status, undone.snoozed_until, undone.closed_at) == (Status.OPEN, None, None)


def test_other_command_lines_do_not_mend_what_decides_over_all_of_the_words():
    after, last = merge_of(STAYS, GONE)
    for commands, more in (
        (("split",), {}),
        (("undo",), {}),
        (("undo", "merge 8"), {"ticket": after, "last": last, "others": (a_ticket(8),)}),
    ):
        assert [fault.by_commands for fault in told(*commands, **more).faults] == [False], commands
    assert [fault.by_commands for fault in told("merge 8", "link 9").faults] == [True, True]


def test_words_beside_an_undo_reach_nobody_outside():
    after, last = merge_of(STAYS, GONE)
    done = told("undo", ticket=after, last=last)
    assert (done.internal, done.no_reply) == (True, True)


def test_what_cannot_be_undone_is_said():
    assert fault("undo") == "nothing was merged, linked or split on ticket 1042 that could be undone"
    nothing = "nothing was merged, linked or split on ticket 1042 that could be undone"
    for ticket, how in (
        (a_ticket(1042, tier=Tier.L2), "#set tier=L1 gives the ticket back to the first tier"),
        (a_ticket(1042, status=Status.CLOSED), "#open opens it again"),
        (a_ticket(1042, status=Status.SPAM), "#open opens it again"),
        (a_ticket(1042, snoozed_until=TOMORROW), "#snooze off brings it back"),
    ):
        assert fault("undo", ticket=ticket) == f"{nothing}; {how}", "what no #undo is for has a command of its own"
    after, last = merge_of(STAYS, GONE)
    newer = replace(last, newer_on=3)
    assert fault("undo", ticket=after, last=newer).startswith("ticket 3 has been merged or split since; #undo that first")
    assert fault("undo", "merge 8", ticket=after, last=last, others=(a_ticket(8),)) == f"#merge 8 contradicts #undo in line 1; {ONE_ONLY}"


def test_a_link_is_undone_from_either_side():
    for number, other in ((7, 1042), (1042, 7)):
        last = Regrouping(3, RegroupingKind.LINK, number, a_ticket(other), NOW)
        done = told("undo", ticket=a_ticket(1042), last=last)
        assert (done.ticket, done.effects) == (a_ticket(1042), (Undo(3),))


def test_what_was_split_off_comes_back_with_all_that_came_to_it():
    split = a_ticket(8, customer_messages=2, agent_messages=1, status=Status.WAITING)
    last = Regrouping(3, RegroupingKind.SPLIT, 1042, split, NOW, standing_of(a_ticket(1042)), standing_of(a_ticket(1042)), copied=1)
    done = told("undo", last=last)
    assert (done.ticket.customer_messages, done.ticket.agent_messages, done.ticket.status) == (2, 1, Status.OPEN)
    assert done.effects == (Undo(3, replace(split, status=Status.MERGED, merged_into=1042)),)
    assert fault("undo", ticket=a_ticket(8), last=last) == "ticket 8 was split off #1042; #undo it there (maild ticket undo 1042)"
