"""What test mails have shown of a department's ways back, kept (MAIL.md O4, O5)."""

from datetime import timedelta

from maild.store import round_trips
from maild.store.engine import Store
from tests.rig.letters import a_round_trip

TRIP = a_round_trip()


def test_the_last_round_trip_of_each_department_is_remembered(store: Store):
    later = a_round_trip(at=TRIP.at + timedelta(days=1), plus=False, seen_in="")
    sales = a_round_trip(queue="sales", address="sales@acme.example", keeps_ids=False)
    with store.writing() as tx:
        assert round_trips.find(tx, "support") is None
        for trip in (TRIP, sales, later):
            round_trips.store(tx, trip)
    with store.reading() as tx:
        assert round_trips.find(tx, "support") == later
        assert round_trips.find_all(tx) == {"support": later, "sales": sales}
