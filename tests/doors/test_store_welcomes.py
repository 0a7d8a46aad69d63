"""What answers to letters of welcome have shown of agents' mail programs, kept (PRODUCT 34c)."""

from dataclasses import replace
from datetime import timedelta

from maild.effects import NoteWelcomeAnswer
from maild.message import AuthResult
from maild.store import welcomes
from maild.store.engine import Store, Transaction
from maild.welcome import Change, Device, Replies, Welcome, Whose
from tests.rig.desk import NOW

DEVICE = Device(
    agent="anna",
    program="Thunderbird",
    address="anna@acme.example",
    at=NOW,
    whose=Whose.REGISTERED,
    replies=Replies.CUSTOMER,
    auth=AuthResult.PASS,
    proven=True,
    proof="token in In-Reply-To",
    fresh=True,
    token="In-Reply-To",
    mechanism="DMARC passed for acme.example",
    read="It works.\n\nAnna",
    signature="Anna",
    form="text and HTML",
    commands=("#close",),
    changes=(Change.SIGNATURE,),
    incoming=7,
)


def note(tx: Transaction, device: Device | None, *, unproven: bool = False, incoming: int = 7) -> None:
    welcomes.note(tx, NoteWelcomeAnswer("anna", device, unproven), incoming)


def test_the_last_welcome_of_each_agent_counts_its_answers(store: Store):
    with store.writing() as tx:
        assert welcomes.find(tx, "anna") is None
        for agent in ("anna", "boris", "anna"):
            welcomes.begin(tx, agent, 77, NOW)
        note(tx, None)
        note(tx, DEVICE, unproven=True)
    with store.reading() as tx:
        assert welcomes.find(tx, "anna") == Welcome("anna", 77, "", NOW, answers=2, unproven=1)
        assert set(welcomes.find_all(tx)) == {"anna", "boris"}
        assert welcomes.find(tx, "carl") is None


def test_each_program_at_each_address_is_remembered_as_it_answered_last(store: Store):
    later = replace(DEVICE, at=NOW + timedelta(hours=1), proven=False, replies=Replies.HELD, changes=(), commands=(), incoming=8)
    private = replace(DEVICE, address="anna@home.example", whose=Whose.UNKNOWN)
    machine = replace(DEVICE, automatic=True)
    with store.writing() as tx:
        for device in (DEVICE, private, machine):
            note(tx, device)
        note(tx, later, incoming=8)
    with store.reading() as tx:
        assert welcomes.list_devices(tx)[0] == later
        assert set(welcomes.list_devices(tx)) == {later, private, machine}


def test_what_anybody_may_have_written_takes_the_place_of_nothing(store: Store):
    forged = replace(DEVICE, proven=False, replies=Replies.HELD)
    other = replace(forged, program="")
    with store.writing() as tx:
        note(tx, DEVICE)
        for device in (forged, other):
            note(tx, device, unproven=True)
    with store.reading() as tx:
        assert set(welcomes.list_devices(tx)) == {DEVICE, other}
