"""Where answers and bounces of a letter go, by what was seen to work (MAIL.md O4, O5, L8)."""

from dataclasses import replace

import pytest

from maild.config.settings import Queue, Trust
from maild.desk import control_letters
from maild.desk.participants import with_persons
from maild.errors import LeakError
from maild.message import Address
from maild.outbox.compose import Composer
from maild.outbox.copies import copied
from maild.outbox.delivery import Envelope
from maild.outbox.ways_back import unthreadable
from maild.round_trip import RoundTrip
from maild.templates.render import Templates
from maild.ticket import Participant, ParticipantRole
from maild.tokens import LetterKind
from tests.rig.letters import ANN, NOW, TOKENS, a_desk, a_letter, a_round_trip, a_ticket, composed, read_back, text_of

ACK, STATUS, ANSWER, NOTIFICATION = LetterKind.ACKNOWLEDGEMENT, LetterKind.STATUS, LetterKind.ANSWER, LetterKind.NOTIFICATION
BOB = Address("Bob", "bob@globex.example")
DEPARTMENT = "support@acme.example"
CUSTOMERS = f"support+{TOKENS.mint_reply(1042)}@acme.example"
BOUNCES = f"support+{TOKENS.mint_bounce(77, 1)}@acme.example"


def check_reply_to(kind: LetterKind, expected: str | None, trip: RoundTrip | None = None, *, mode: str = "auto", **letter: object) -> None:
    message = read_back(composed(a_letter(kind, **letter), desk=a_desk(plus=mode), round_trip=trip))
    assert (message["Reply-To"].addresses[0].addr_spec if message["Reply-To"] else None) == expected
    if expected:
        assert message["Reply-To"].addresses[0].display_name == message["From"].addresses[0].display_name


def check_sender(kind: LetterKind, expected: str, trip: RoundTrip | None, *, mode: str = "auto") -> None:
    (envelope,) = composed(a_letter(kind), desk=a_desk(plus=mode), round_trip=trip).envelopes
    assert (envelope.recipient.address, envelope.sender) == ("anna@acme.example" if kind is NOTIFICATION else ANN.address, expected)


def test_answers_go_to_a_plus_address_once_that_was_seen_to_work():
    for kind in (ACK, STATUS, ANSWER):
        check_reply_to(kind, CUSTOMERS, a_round_trip())
        check_reply_to(kind, None)
        check_reply_to(kind, None, a_round_trip(plus=False))
        check_reply_to(kind, None, a_round_trip(address="help@acme.example"))


def test_a_desk_may_insist_on_plus_addresses_or_do_without():
    check_reply_to(ANSWER, CUSTOMERS, None, mode="on")
    check_reply_to(ANSWER, CUSTOMERS, a_round_trip(plus=False), mode="on")
    check_reply_to(ANSWER, None, a_round_trip(), mode="off")


def test_an_agent_answers_to_an_address_of_his_own():
    check_reply_to(NOTIFICATION, f"support+{TOKENS.mint_answer(1042, 77, 'anna')}@acme.example", a_round_trip())
    check_reply_to(NOTIFICATION, None, a_round_trip(), agent=None)


def test_an_agents_answer_address_never_reaches_a_customer():
    address = f"support+{TOKENS.mint_answer(1042, 77, 'anna')}@acme.example"
    with pytest.raises(LeakError):
        composed(a_letter(ANSWER, body=f"Write to {address}"))
    composed(a_letter(ANSWER, body=f"Write to {CUSTOMERS}"))


def test_an_agents_personal_address_stands_in_letters_about_no_ticket_where_plus_addresses_work():
    """A3."""
    address = f"support+{TOKENS.mint_personal('anna')}@acme.example"
    for trip, mode, expected in ((a_round_trip(), "auto", True), (None, "auto", False), (None, "on", True), (a_round_trip(), "off", False)):
        desk = a_desk(plus=mode)
        helping = control_letters.commands(control_letters.Face(desk.agents["anna"], "support", "help", desk))
        raw = Composer(desk, TOKENS, Templates(desk)).compose(helping, None, 77, NOW, {}, trip)
        assert (address in text_of(read_back(raw))) is expected
        assert (f'href="mailto:{address}"' in text_of(read_back(raw), "html")) is expected
    assert address not in text_of(read_back(composed(a_letter(NOTIFICATION), round_trip=a_round_trip())))


def test_a_personal_address_never_reaches_a_customer_and_takes_part_in_nothing():
    """A8, A9."""
    address = f"support+{TOKENS.mint_personal('anna')}@acme.example"
    with pytest.raises(LeakError):
        composed(a_letter(ANSWER, body=f"Write to {address}"))
    assert with_persons(a_ticket(), (Address("", address),), a_desk()) == a_ticket()
    assert copied(a_ticket(participants=(Participant(Address("", address), ParticipantRole.CC),)), a_desk()) == ()


def test_bounces_go_to_an_address_for_each_letter_and_recipient_once_that_was_seen_to_go_through():
    for kind in (STATUS, ANSWER, NOTIFICATION):
        check_sender(kind, BOUNCES, a_round_trip())
        check_sender(kind, DEPARTMENT, None)
        check_sender(kind, DEPARTMENT, a_round_trip(envelope=False))
        check_sender(kind, DEPARTMENT, a_round_trip(), mode="off")
        check_sender(kind, DEPARTMENT, None, mode="on")
    both = composed(a_letter(ANSWER, cc=(BOB, ANN)), round_trip=a_round_trip()).envelopes
    bobs = TOKENS.mint_bounce(77, 2)
    assert both == (Envelope(ANN, BOUNCES, TOKENS.mint_bounce(77, 1)), Envelope(BOB, f"support+{bobs}@acme.example", bobs))


def test_an_acknowledgement_leaves_from_the_null_path_where_the_relay_takes_it():
    check_sender(ACK, "", a_round_trip())
    check_sender(ACK, "", a_round_trip(plus=False, envelope=False))
    check_sender(ACK, "", a_round_trip(), mode="off")
    check_sender(ACK, BOUNCES, a_round_trip(null_sender=False))
    check_sender(ACK, DEPARTMENT, None)


def check_threads(expected: bool, trip: RoundTrip, *, tag_check: bool = True, **desk: object) -> None:
    settings = replace(a_desk(**desk), trust=Trust(tag_check=tag_check))
    assert (unthreadable(settings.queues["support"], trip, settings) is None) is expected


def test_where_ids_are_replaced_answers_need_a_plus_address_or_a_checked_tag():
    replaced = a_round_trip(keeps_ids=False)
    check_threads(True, replaced)
    check_threads(True, replaced, plus="off")
    check_threads(True, replaced, tag_check=False)
    check_threads(False, replaced, tag_check=False, plus="off")
    check_threads(False, replaced, tag_position="off", plus="off")
    check_threads(False, a_round_trip(keeps_ids=False, plus=False), tag_check=False)
    check_threads(True, a_round_trip(keeps_ids=False, plus=False), tag_check=False, plus="on")
    check_threads(True, a_round_trip(plus=False), tag_check=False)
    check_threads(True, a_round_trip(keeps_ids=False, plus=False, address="old@acme.example"), tag_check=False)


def test_a_department_whose_name_leaves_no_room_goes_without():
    address = "a-department-with-quite-a-long-name-of-its-own@acme.example"
    desk = a_desk()
    named = replace(desk, queues={"support": Queue("support", "Support", address, "support")})
    letter = composed(a_letter(ANSWER), desk=named, round_trip=a_round_trip(address=address))
    assert letter.envelopes[0].sender == address
    assert read_back(letter)["Reply-To"] is None
