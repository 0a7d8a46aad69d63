"""A store that goes away in the middle of things: a real one whose writing transactions break where the test says so."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

from maild.errors import StoreUnavailableError
from maild.store.engine import Store, Transaction


class Outage(Enum):
    """When the store goes away. AFTER_COMMIT: everything is written, and only the answer is lost."""

    BEFORE_COMMIT = "before"
    AFTER_COMMIT = "after"


class FlakyStore(Store):
    """`outages`: what happens to each of the writing transactions to come, in order; None, and all that follow, go well."""

    outages: Sequence[Outage | None] = ()

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        outage = self.outages[0] if self.outages else None
        self.outages = self.outages[1:]
        with super().writing() as tx:
            yield tx
            if outage is Outage.BEFORE_COMMIT:
                raise StoreUnavailableError
        if outage is Outage.AFTER_COMMIT:
            raise StoreUnavailableError
