"""Inheritance: `imap:` completes every mailbox, `smtp:` every department's own account, `desk:` every calendar's time zone. Trees in, trees
out, places kept.

Done before anything is read, so that each is then judged as a whole, and a fault is shown where its value was written.
"""

from collections.abc import Callable
from dataclasses import replace

from maild.config.nodes import Entry, Node, Table
from maild.config.schema import INHERITED_BY_MAILBOXES, INHERITED_BY_SMTP

Change = Callable[[Table], Table]


def inherit(root: Table) -> Table:
    """The same tree with every account and every calendar complete."""
    desk, imap, smtp = root.get("desk"), root.get("imap"), root.get("smtp")

    def complete_queue(queue: Table) -> Table:
        queue = _change(queue, "mailbox", lambda mailbox: _complete(mailbox, imap, INHERITED_BY_MAILBOXES))
        return _change(queue, "smtp", lambda own: _complete_smtp(own, smtp))

    def complete_calendar(calendar: Table) -> Table:
        return _complete(calendar, desk, ("timezone",))

    root = _change(root, "calendars", lambda calendars: _change_all(calendars, complete_calendar))
    return _change(root, "queues", lambda queues: _change_all(queues, complete_queue))


def _complete_smtp(own: Table, smtp: Node | None) -> Table:
    """User name and password belong together: one of its own, and none is inherited."""
    has_login = own.get("username") is not None or own.get("password") is not None
    names = (name for name in INHERITED_BY_SMTP if not (has_login and name in ("username", "password")))
    return _complete(own, smtp, tuple(names))


def _complete(table: Table, defaults: Node | None, names: tuple[str, ...]) -> Table:
    """A port is inherited only together with the security it belongs to."""
    if not isinstance(defaults, Table):
        return table
    names = tuple(name for name in names if not (name == "port" and table.get("security") is not None))
    missing = (entry for entry in defaults.entries if entry.key.text in names and table.get(entry.key.text) is None)
    return _added(table, *missing)


def _added(table: Table, *entries: Entry) -> Table:
    return replace(table, entries=(*table.entries, *entries))


def _change(table: Table, name: str, change: Change) -> Table:
    """The table with one of its tables changed."""
    return replace(table, entries=tuple(_changed(entry, change) if entry.key.text == name else entry for entry in table.entries))


def _change_all(table: Table, change: Change) -> Table:
    return replace(table, entries=tuple(_changed(entry, change) for entry in table.entries))


def _changed(entry: Entry, change: Change) -> Entry:
    return replace(entry, value=change(entry.value)) if isinstance(entry.value, Table) else entry
