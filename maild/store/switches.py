"""Small facts that outlive the process: a name and a word."""

from sqlalchemy import bindparam, delete, select

from maild.store.engine import Transaction
from maild.store.tables.desk import settings

_FIND = select(settings.c.value).where(settings.c.name == bindparam("wanted"))
_CHANGE = settings.update().where(settings.c.name == bindparam("wanted")).values(value=bindparam("word"))


def find(tx: Transaction, name: str) -> str | None:
    """The word stored under a name, None if there is none."""
    return tx.execute(_FIND, {"wanted": name}).scalar()


def find_all(tx: Transaction, prefix: str) -> list[tuple[str, str]]:
    """Names that begin with a prefix, and their words."""
    query = select(settings.c.name, settings.c.value).where(settings.c.name.startswith(prefix, autoescape=True))
    return [(name, value) for name, value in tx.execute(query.order_by(settings.c.name))]


def store(tx: Transaction, name: str, value: str) -> None:
    """Remember a word under a name, instead of an older one."""
    if not tx.execute(_CHANGE, {"wanted": name, "word": value}).rowcount:
        tx.execute(settings.insert(), {"name": name, "value": value})


def forget(tx: Transaction, name: str) -> None:
    tx.execute(delete(settings).where(settings.c.name == name))
