"""Who takes part in a ticket beside its requester (MAIL.md F8)."""

from builders import ANN, a_ticket, some_settings

from maild.desk.participants import MAX_PARTICIPANTS, tell_who_joined, with_persons, with_third_party
from maild.message import Address


def check(*addresses: str, expected: tuple[str, ...]) -> None:
    settings = some_settings(own_lists=frozenset({"helpdesk@lists.acme.example"}))
    ticket = with_persons(a_ticket(), (Address("", address) for address in addresses), settings)
    assert tuple(person.address.address for person in ticket.participants) == expected


def test_persons_who_were_written_to_take_part():
    """F8. A colleague at the lists' own domain is a person."""
    check("bob@globex.example", "Bob@Globex.Example", "carl@lists.acme.example", expected=("bob@globex.example", "carl@lists.acme.example"))
    check(ANN.address, expected=())


def test_no_address_of_the_desk_takes_part_and_no_list_of_it():
    """F8: never own addresses, lists or noreply."""
    check("support@acme.example", "sales+x@acme.example", "anna@acme.example", expected=())
    check("helpdesk@lists.acme.example", "HelpDesk@Lists.acme.example", expected=())
    check("noreply@globex.example", expected=())


def test_there_are_twenty_at_most():
    people = [f"person{number}@globex.example" for number in range(MAX_PARTICIPANTS + 5)]
    check(*people, expected=tuple(people[:MAX_PARTICIPANTS]))


def test_the_log_names_who_joins_and_nobody_twice():
    """A stranger who writes has a line of his own, and gets no copies."""
    before = with_persons(a_ticket(), (Address("", "bob@globex.example"),), some_settings())
    joining = Address("Carl", "carl@globex.example"), Address("", "bob@globex.example")
    after = with_third_party(with_persons(before, joining, some_settings()), Address("", "eve@else.example"))
    assert [(event.kind, event.text) for event in tell_who_joined(before, after)] == [
        ("joined", "carl@globex.example, whom the mail names in From, To or Cc, gets copies")
    ]
    assert [event.text.partition(",")[0] for event in tell_who_joined(None, before)] == ["bob@globex.example"]
    assert list(tell_who_joined(after, after)) == []
