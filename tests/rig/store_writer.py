"""A process that writes to a store: `python -m tests.rig.store_writer URL DIRECTORY NAME COUNT`.

It prints each ticket's number once that is committed.
"""

import sys
from pathlib import Path

from maild.store import incoming
from maild.store.apply import apply
from maild.store.engine import Store, open_store
from tests.rig.desk import NOW, a_decision, an_arrival, composed


def main(url: str, directory: str, name: str, count: str) -> None:
    store = open_store(url, Path(directory), create=True)
    print("ready", flush=True)
    for uid in range(1, int(count) + 1):
        print(write(store, name, uid), flush=True)
    store.close()


def write(store: Store, name: str, uid: int) -> int:
    """Store one message, claim one and make a ticket of it, as the walk does."""
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival(uid=uid, mailbox=name, raw=f"Subject: {name} {uid}\r\n\r\n".encode())], NOW)
    with store.writing() as tx:
        (message,) = incoming.claim(tx, 1, name, 60, NOW)
    with store.writing() as tx:
        return apply(tx, a_decision(), now=NOW, compose=composed, incoming=message, first_number=1).ticket_number or 0


if __name__ == "__main__":
    main(*sys.argv[1:])
