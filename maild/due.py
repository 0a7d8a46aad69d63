"""What falls due: tickets whose time has come for something are taken one by one, the first due first.

Each is looked at again in the transaction that records what comes of it, so that it is done once, whoever else has been at it meanwhile and
whatever is killed. What breaks over one keeps no other waiting.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from maild.effects import Decision
from maild.jobs import scheduled_job
from maild.killpoint import reach
from maild.office import Office
from maild.recording import record
from maild.store.engine import Store, Transaction

Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class DueJob(Generic[Case]):
    """`room` names its kill points, `name` the job in the log, `case` one case of it. `find` answers what is due by now; `decide` what
    comes of one, None where it is not due after all. `put_off`: what is done about one that breaks, where it must not come first for ever.
    """

    room: str
    name: str
    case: str
    find: Callable[[Transaction, Office, datetime], Iterable[Case]]
    decide: Callable[[Transaction, Case, Office, datetime], Decision | None]
    put_off: Callable[[Transaction, Case, datetime], None] | None = None


@dataclass(frozen=True, slots=True)
class DueTicket:
    """A ticket whose time has come. `crowded`: the agents who get one mail for all that has come with it."""

    number: int
    crowded: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return str(self.number)


def settle(job: DueJob[Case], store: Store, office: Office, now: datetime) -> int:
    """Do all that is due, each in a commit of its own. Answers how many did not break."""
    settled = 0
    with scheduled_job(job.name):
        with store.reading() as tx:
            due = tuple(job.find(tx, office, now))
        for case in due:
            is_settled = False
            with scheduled_job(job.case.format(case)):
                _settle_one(job, case, store, office, now)
                is_settled = True
            settled += is_settled
            if not is_settled:
                _put_off(job, case, store, now)
    return settled


def _settle_one(job: DueJob[Case], case: Case, store: Store, office: Office, now: datetime) -> None:
    with store.writing() as tx:
        decision = job.decide(tx, case, office, now)
        if decision is None:
            return
        record(tx, decision, office, now)
        reach(f"{job.room}.written")
    reach(f"{job.room}.committed")


def _put_off(job: DueJob[Case], case: Case, store: Store, now: datetime) -> None:
    if job.put_off:
        with store.writing() as tx:
            job.put_off(tx, case, now)
