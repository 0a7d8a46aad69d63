"""Which department a mail is for, whatever mailbox it was fetched from first (MAIL.md F10). Pure."""

from dataclasses import dataclass

from maild.config.settings import Queue, Settings
from maild.message import InboundMessage


@dataclass(frozen=True, slots=True)
class Departments:
    """`primary` answers; `watching` got the same mail and are told once. `address` is the one that was written to, without any detail
    behind its plus."""

    primary: Queue
    address: str
    watching: tuple[Queue, ...] = ()


def find_departments(message: InboundMessage, mailbox: str, settings: Settings) -> Departments:
    """Departments in To, then Cc, then Delivered-To and X-Original-To; none of them named: the mailbox's own (a Bcc)."""
    written_to = [address.address for address in (*message.to, *message.cc)] + list(message.recipients)
    found: dict[str, str] = {}
    for address in written_to:
        if own := settings.department_at(address):
            found.setdefault(own.queue.key, own.address)
    if not found:
        queue = settings.queues[mailbox]
        return Departments(queue, queue.address)
    primary, *watching = found
    return Departments(settings.queues[primary], found[primary], tuple(settings.queues[key] for key in watching))
