"""Everything that was written to a desk, and what must have come of it however often the daemon died in between (OPERATIONS Q1, Q2).

No message lost and none on two tickets; every customer acknowledged once; a letter repeated only as the same bytes under one Message-ID.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from itertools import count
from typing import Self

from sqlalchemy import func, select

from maild.effects import IncomingState
from maild.outbox.delivery import DeliveryState
from maild.store.deliveries import find_next_due
from maild.store.engine import Store, Transaction
from maild.store.status import find_depths
from maild.store.tables.mail_in import incoming
from maild.store.tables.mail_out import deliveries
from maild.store.tables.tickets import messages, tickets
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, eventually

_numbers = count(1)


@dataclass(slots=True)
class Correspondence:
    """What customers and agents write to support. `requests`: who wrote what, by Message-ID; `others`: what belongs to the first ticket."""

    desk: RunningDesk
    requests: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    raws: list[bytes] = field(default_factory=list)

    @classmethod
    def begin(cls, desk: RunningDesk) -> Self:
        """With one ticket, seen through before anything goes wrong, so that there is something to follow up and to answer."""
        begun = cls(desk)
        begun.request()
        assert desk.run_once()
        return begun

    def request(self, number: int = 1) -> None:
        """So many mails from so many new customers."""
        mails = []
        for _ in range(number):
            customer, identifier = f"customer{next(_numbers)}@globex.example", f"request-{next(_numbers)}@globex.example"
            self.requests[identifier] = customer
            to = self.desk.at("support")
            mails.append(an_email(sender=f"A Customer <{customer}>", to=to, subject=f"About {identifier}", message_id=identifier))
        self._put(mails)

    def follow_up(self) -> None:
        """The first customer writes again."""
        (acknowledgement,) = self.desk.letters(self.first_customer)
        self._answer(acknowledgement, f"A Customer <{self.first_customer}>", "It still burns.\n")

    def answer(self) -> None:
        """Anna answers the first customer from her mail client."""
        self._answer(self.desk.letters("anna")[0], f"Anna Ivanova <{self.desk.at('anna')}>", "Use the extinguisher.\n")

    @property
    def first_customer(self) -> str:
        return next(iter(self.requests.values()))

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until all that was written is stored and read, and nothing is still to be sent."""
        with self.desk.store() as store:
            eventually(lambda: self._is_settled(store), seconds)

    def retry_what_was_set_aside(self) -> tuple[int, int]:
        """As a person would: messages held because maild died over them three times (I14), letters two deaths hit (O6). The counts."""
        held = [str(row["id"]) for row in self.desk.incoming("--state", "held")]
        unknown = [str(row["id"]) for row in self.desk.ask("outbox", "list", "--state", "unknown")]
        for message in held:
            self.desk.maild("message", "retry", message)
        for letter in unknown:
            self.desk.maild("outbox", "retry", letter)
        self.settle()
        return len(held), len(unknown)

    def await_moved(self) -> None:
        """The server's copies: each in `Processed`, once, and none left behind."""
        support, dovecot = self.desk.at("support"), self.desk.dovecot
        eventually(lambda: not dovecot.messages(support))
        assert Counter(mail.raw for mail in dovecot.messages(support, "Processed")) == Counter(self.raws)

    def await_copied(self) -> None:
        """In the Sent folder: each letter a customer got, once, and no other (MAIL.md O10)."""
        support, dovecot = self.desk.at("support"), self.desk.dovecot
        customers = {*self.requests.values()}
        sent = {caught.raw for caught in self.desk.sink.mails if customers.intersection(caught.recipients)}
        eventually(lambda: len(dovecot.messages(support, "Sent")) >= len(sent))
        assert Counter(mail.raw for mail in dovecot.messages(support, "Sent")) == Counter(sent)

    def attempts(self) -> list[int]:
        """How often each message was taken up."""
        with self.desk.store() as store, store.reading() as tx:
            return list(tx.execute(select(incoming.c.attempts)).scalars())

    def under_way(self) -> int:
        """Messages and letters that somebody holds a claim on."""
        with self.desk.store() as store, store.reading() as tx:
            claims = (select(func.count()).where(table.c.claimed_by.is_not(None)) for table in (incoming, deliveries))
            return sum(tx.execute(claim).scalar_one() for claim in claims)

    def check(self) -> int:
        """All promises; how many letters went out more than once."""
        with self.desk.store() as store, store.reading() as tx:
            self._check_tickets(tx)
        return self._check_letters()

    def _answer(self, mail: EmailMessage, sender: str, body: str) -> None:
        identifier = f"answer-{next(_numbers)}@globex.example"
        self.others.add(identifier)
        self._put([an_answer_to(mail, sender, body, message_id=identifier)])

    def _put(self, mails: list[bytes]) -> None:
        self.raws += mails
        self.desk.dovecot.append_all(self.desk.at("support"), mails)

    def _is_settled(self, store: Store) -> bool:
        with store.reading() as tx:
            stored = tx.execute(select(func.count()).select_from(incoming)).scalar_one()
            depths = find_depths(tx)
            waiting = find_next_due(tx)
        is_idle = IncomingState.RECEIVED not in depths.incoming and DeliveryState.SENDING not in depths.outbox and waiting is None
        return is_idle and stored >= len(self.raws)

    def _check_tickets(self, tx: Transaction) -> None:
        """Every message on one ticket: each request on one of its own, what belongs to the first ticket there."""
        rows = tx.execute(select(messages.c.message_id, messages.c.ticket)).all()
        place = {row.message_id: row.ticket for row in rows}
        assert Counter(row.message_id for row in rows) == Counter([*self.requests, *self.others])
        assert len({place[identifier] for identifier in self.requests}) == len(self.requests)
        first = next(iter(self.requests))
        assert {place[identifier] for identifier in self.others} <= {place[first]}
        assert tx.execute(select(func.count()).select_from(tickets)).scalar_one() == len(self.requests)
        assert tx.execute(select(func.count()).select_from(incoming)).scalar_one() == len(self.raws)

    def _check_letters(self) -> int:
        rows = self.desk.ask("outbox", "list")
        assert {row["state"] for row in rows} == {"sent"}
        acknowledged = Counter(row["to"] for row in rows if row["kind"] == "ack")
        assert acknowledged == Counter(self.requests.values())
        copies = self._copies()
        assert copies.keys() == {(row["message_id"], row["to"]) for row in rows}
        assert {len(set(raws)) for raws in copies.values()} == {1}
        return sum(len(raws) > 1 for raws in copies.values())

    def _copies(self) -> dict[tuple[str, str], list[bytes]]:
        """What the sink has of every letter to everybody."""
        caught: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        for mail in self.desk.sink.mails:
            identifier = str(message_from_bytes(mail.raw)["Message-ID"]).strip().strip("<>")
            for recipient in mail.recipients:
                caught[identifier, recipient].append(mail.raw)
        return caught
