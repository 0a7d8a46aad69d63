"""SMTP accounts and spam filters in trouble, for `maild status`: the name of each and what is wrong."""

from maild.store import switches
from maild.store.engine import Transaction

_PREFIX = "smtp trouble "
_FILTER_PREFIX = "filter trouble "


def store_trouble(tx: Transaction, account: str, detail: str) -> None:
    """Remember what is wrong with an account; an empty detail: nothing any more."""
    _store(tx, _PREFIX + account, detail)


def store_filter_trouble(tx: Transaction, name: str, detail: str) -> None:
    """The same for a spam filter."""
    _store(tx, _FILTER_PREFIX + name, detail)


def find_troubles(tx: Transaction) -> dict[str, str]:
    """What is wrong, by account."""
    return {name.removeprefix(_PREFIX): detail for name, detail in switches.find_all(tx, _PREFIX)}


def find_filter_trouble(tx: Transaction, name: str) -> str:
    """What is wrong with a spam filter, "" for nothing."""
    return switches.find(tx, _FILTER_PREFIX + name) or ""


def _store(tx: Transaction, name: str, detail: str) -> None:
    if detail:
        switches.store(tx, name, detail)
    else:
        switches.forget(tx, name)
