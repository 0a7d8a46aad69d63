"""Prepared statements answer and fail like the same statements executed by SQLAlchemy, on both engines."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from maild.store.engine import Store
from maild.store.prepared import MOST_LISTED, Prepared
from maild.store.tables.desk import mutes, settings

UNTIL = datetime(2026, 3, 2, 10, tzinfo=UTC)
NAMED = select(mutes.c.key, mutes.c.until, func.length(mutes.c.why)).where(mutes.c.key.in_(bindparam("keys", expanding=True)))
CONSTANT = select(mutes.c.why).where(mutes.c.key.in_(("key1", "key2")), mutes.c.until == bindparam("until")).order_by(mutes.c.key)


def mute(store: Store, number: int) -> int:
    rows = [{"key": f"key{place}", "until": UNTIL, "why": "w" * place} for place in range(number)]
    with store.writing() as tx:
        return Prepared(mutes.insert()).write(tx, *rows)


def test_lists_of_any_length_are_looked_for(store: Store):
    assert mute(store, 30) == 30
    prepared = Prepared(NAMED)
    with store.reading() as tx:
        for wanted in (0, 1, 2, MOST_LISTED, MOST_LISTED + 1, 1, 0):
            values = {"keys": [f"key{place}" for place in range(wanted)]}
            found = prepared.read(tx, values).all()
            assert sorted(map(tuple, found)) == sorted(map(tuple, tx.execute(NAMED, values)))
            assert len(found) == wanted
        assert prepared.read(tx, {"keys": ["key7"]}).one().until == UNTIL


def test_values_of_the_statements_own_are_kept(store: Store):
    mute(store, 3)
    prepared = Prepared(CONSTANT)
    with store.reading() as tx:
        assert [list(prepared.read(tx, {"until": at}).scalars()) for at in (UNTIL, datetime.now(UTC))] == [["w", "ww"], []]


def test_columns_are_taken_from_the_values(store: Store):
    mute(store, 3)
    prepared = Prepared(mutes.update().where(mutes.c.key == bindparam("muted")))
    with store.writing() as tx:
        assert prepared.write(tx, {"muted": "key1", "why": "loud"}) == 1
        assert prepared.write(tx, {"muted": "key1", "until": datetime.now(UTC), "why": "louder"}) == 1
        assert prepared.write(tx, {"muted": "nobody", "why": "loud"}) == 0
        assert prepared.write(tx, {"muted": "key0", "why": "x"}, {"muted": "key2", "why": "x"}) == 2
        assert list(tx.execute(select(mutes.c.why).order_by(mutes.c.key)).scalars()) == ["x", "louder", "x"]


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it(store: Store):
    mute(store, 1)
    with pytest.raises(IntegrityError):
        mute(store, 1)
    with store.reading() as tx, pytest.raises(DBAPIError):
        Prepared(settings.insert()).write(tx, {"name": "x", "value": "y"})
