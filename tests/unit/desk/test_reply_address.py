"""Where a requester wants his letters, and what of it is believed (MAIL.md P14)."""

from builders import ANN, a_message, a_ticket, some_settings

from maild.desk.answered import NOTHING_ANSWERED
from maild.desk.customer_letters import answer
from maild.desk.reply_address import find_reply_address, tell_reply_address, with_reply_address
from maild.message import Address, AuthResult
from maild.ticket import Participant, ParticipantRole, TicketView

SETTINGS = some_settings(own_lists=frozenset({"helpdesk@lists.acme.example"}))
FORMS = Address("Shop", "noreply@shop.example")
TEAM, CUSTOMER = "team@mail.globex.example", "ann.mobile@else.example"


def check(reply_to: str, expected: str | None, verdict: AuthResult = AuthResult.UNKNOWN, author: Address = ANN) -> None:
    message = a_message(header_from=(author,), reply_to=tuple(Address("", address) for address in reply_to.split()))
    found = find_reply_address(message, verdict, SETTINGS)
    assert (found.address if found else None) == expected


def test_answers_go_to_the_one_address_of_a_mail_that_has_not_failed():
    for verdict in (AuthResult.PASS, AuthResult.NONE, AuthResult.UNKNOWN):
        check(CUSTOMER, CUSTOMER, verdict)
        check(CUSTOMER, CUSTOMER, verdict, FORMS)
        check(f"{CUSTOMER} bob@else.example", None, verdict)
    check(CUSTOMER, None, AuthResult.FAIL)


def test_an_address_of_the_writers_own_organisation_is_believed_in_any_mail():
    check(TEAM, TEAM, AuthResult.FAIL)
    check(f"bob@else.example {TEAM} all@globex.example", TEAM)
    check(f"bob@else.example {TEAM}", TEAM, AuthResult.FAIL)


def test_a_freemail_provider_is_no_organisation():
    someone = Address("", "ann@gmail.com")
    check("eve@gmail.com", "eve@gmail.com", author=someone)
    check("eve@gmail.com", None, AuthResult.FAIL, someone)
    check("eve@gmail.com eva@gmail.com", None, author=someone)


def test_answers_go_to_the_writer_where_he_names_himself_or_nobody():
    check("", None)
    check(ANN.address.upper(), None)
    check(f"{TEAM} {ANN.address}", None)


def test_nothing_goes_to_the_desk_itself_its_agents_and_those_who_take_no_answers():
    for address in ("support@acme.example", "anna@acme.example", "helpdesk@lists.acme.example", "no-reply@globex.example", "nonsense"):
        check(address, None)
    check(f"noreply@globex.example {TEAM}", TEAM)


def after(ticket: TicketView, *reply_to: str, author: Address = ANN) -> str | None:
    message = a_message(header_from=(author,), reply_to=tuple(Address("", address) for address in reply_to))
    return with_reply_address(ticket, message, AuthResult.UNKNOWN, SETTINGS).reply_to


def test_the_requesters_last_mail_says_where_letters_go():
    assert after(a_ticket(), TEAM) == TEAM
    assert after(a_ticket(reply_to=CUSTOMER), TEAM) == TEAM
    assert after(a_ticket(reply_to=CUSTOMER)) is None
    form = a_ticket(requester=FORMS, reply_to=CUSTOMER)
    assert after(form, author=FORMS) == CUSTOMER, "its From takes no answers"


def test_nobody_else_moves_a_requesters_letters():
    eve = Address("Eve", "eve@globex.example")
    for ticket in (a_ticket(), a_ticket(participants=(Participant(eve, ParticipantRole.CC),))):
        assert after(ticket, "eve@else.example", author=eve) is None
    assert after(a_ticket(reply_to=CUSTOMER), "eve@else.example", author=eve) == CUSTOMER
    assert after(a_ticket(reply_to=CUSTOMER), "eve@else.example", author=Address("", CUSTOMER)) == CUSTOMER


def test_whoever_answers_where_the_letters_go_takes_part_and_is_not_the_requester():
    ticket = a_ticket(reply_to=CUSTOMER)
    assert (ticket.role_of(CUSTOMER.upper()), ticket.role_of(ANN.address)) == (ParticipantRole.CC, ParticipantRole.REQUESTER)
    assert a_ticket().role_of(CUSTOMER) is None


def addressed(*without: str, cc: tuple[str, ...] = (), requester: Address = ANN) -> tuple[list[str], list[str]]:
    ticket = a_ticket(
        requester=requester, reply_to=TEAM, participants=tuple(Participant(Address("", person), ParticipantRole.CC) for person in cc)
    )
    letter = answer(ticket, SETTINGS.agents["anna"], "Here.", (), without, NOTHING_ANSWERED, SETTINGS)
    return [str(person) for person in letter.recipients], [person.address for person in letter.cc]


def test_an_answer_goes_there_under_the_requesters_name_and_to_nobody_twice():
    """A9."""
    assert addressed() == ([f"Ann Smith <{TEAM}>"], [])
    assert addressed(cc=(TEAM, "bob@globex.example")) == ([f"Ann Smith <{TEAM}>"], ["bob@globex.example"])
    for has_it in (ANN.address, TEAM):
        assert addressed(has_it, cc=("bob@globex.example",)) == (["bob@globex.example"], [])
        assert addressed(has_it) == ([], [])
    itself = Address("", "support@acme.example")
    assert addressed(itself.address, requester=itself) == ([TEAM], [])


def test_the_log_says_where_letters_go_from_now_on():
    moved = a_ticket(reply_to=TEAM)
    (event,) = tell_reply_address(None, moved)
    assert (event.kind, event.text) == ("reply_address", f"letters to {ANN.address} go to {TEAM}, as the mail asks in Reply-To")
    (event,) = tell_reply_address(moved, a_ticket())
    assert event.text == f"letters to {ANN.address} go to {ANN.address}, as the mail asks for no other address"
    assert [*tell_reply_address(None, a_ticket()), *tell_reply_address(moved, moved)] == []
