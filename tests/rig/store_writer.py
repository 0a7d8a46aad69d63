"""A process that writes to a store: `python -m tests.rig.store_writer URL DIRECTORY NAME COUNT`.

It prints each ticket's number once that is committed.
"""

import sys
from pathlib import Path

from maild.ingest.arrival import Incoming
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
    message = claim_one(store, name)
    with store.writing() as tx:
        return apply(tx, a_decision(), now=NOW, compose=composed, incoming=message, first_number=1).ticket_number or 0


def claim_one(store: Store, name: str) -> Incoming:
    """There are as many messages as writers who want one, but PostgreSQL may show none to a writer whose own another has just taken:
    what that one stored in its stead came after the look. So look again, as the walk does.
    """
    while True:
        with store.writing() as tx:
            claimed = incoming.claim(tx, 1, name, 60, NOW)
        if claimed:
            return claimed[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
