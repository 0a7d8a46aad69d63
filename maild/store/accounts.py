"""SMTP accounts in trouble, for `maild status`: the account's name and what is wrong."""

from maild.store import switches
from maild.store.engine import Transaction

_PREFIX = "smtp trouble "


def store_trouble(tx: Transaction, account: str, detail: str) -> None:
    """Remember what is wrong with an account; an empty detail: nothing any more."""
    if detail:
        switches.store(tx, _PREFIX + account, detail)
    else:
        switches.forget(tx, _PREFIX + account)


def find_troubles(tx: Transaction) -> dict[str, str]:
    """What is wrong, by account."""
    return {name.removeprefix(_PREFIX): detail for name, detail in switches.find_all(tx, _PREFIX)}
