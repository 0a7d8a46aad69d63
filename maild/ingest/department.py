"""Which departments a mail is for, whatever mailbox it was fetched from first (MAIL.md F10). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from maild.config.settings import Queue, Settings
from maild.message import InboundMessage


@dataclass(frozen=True, slots=True)
class Departments:
    """Those that share one ticket of a mail. `primary` answers; `watching` got the same mail and are told once.

    `address` is the one that was written to, without any detail behind its plus. `elsewhere` are departments that have the mail to
    themselves (`split`), so that it takes a walk of its own for each; `earlier` those among them whose walk comes first.
    """

    primary: Queue
    address: str
    watching: tuple[Queue, ...] = ()
    elsewhere: frozenset[str] = frozenset()
    earlier: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.primary.key, *(queue.key for queue in self.watching))


def find_departments(message: InboundMessage, mailbox: str, settings: Settings) -> tuple[Departments, ...]:
    """Departments in To, then Cc, then Delivered-To and X-Original-To, in this order; at least one.

    None of them named: the mailbox's own (a Bcc). A department that splits need not be named beside others to have got its Bcc.
    """
    found = _find_named(message, settings)
    owner = settings.queues[mailbox]
    if not found or (owner.split and not any(settings.queues[key].mailbox == mailbox for key in found)):
        found[owner.key] = owner.address
    return tuple(_with_addresses(list(_groups([settings.queues[key] for key in found])), found))


def find_mailbox(message: InboundMessage, settings: Settings) -> str | None:
    """The mailbox a mail must have come to by the addresses it names, for one that comes from nowhere; None where they tell nothing."""
    return next((settings.queues[key].mailbox for key in _find_named(message, settings)), None)


def _find_named(message: InboundMessage, settings: Settings) -> dict[str, str]:
    """The departments a mail names, each with the first of its addresses that was written to."""
    written_to = [address.address for address in (*message.to, *message.cc)] + list(message.recipients)
    found: dict[str, str] = {}
    for address in written_to:
        if own := settings.department_at(address):
            found.setdefault(own.queue.key, own.address)
    return found


def _groups(queues: list[Queue]) -> Iterator[tuple[Queue, ...]]:
    """A department that splits stands alone; the others stand together, where the first of them is."""
    shared = tuple(queue for queue in queues if not queue.split)
    for queue in queues:
        if queue.split:
            yield (queue,)
        elif queue is shared[0]:
            yield shared


def _with_addresses(groups: list[tuple[Queue, ...]], addresses: dict[str, str]) -> Iterator[Departments]:
    for position, (primary, *watching) in enumerate(groups):
        earlier = frozenset(queue.key for group in groups[:position] for queue in group)
        later = frozenset(queue.key for group in groups[position + 1 :] for queue in group)
        yield Departments(primary, addresses[primary.key], tuple(watching), earlier | later, earlier)
