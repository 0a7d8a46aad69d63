"""The quarantine digest: at most once a day the leads are told what was kept out of their mailboxes (MAIL.md S5), so that a customer's mail
a filter got wrong is missed for a day at most, and the admins how many reports about nothing of ours came (B4). `maild status` counts both
at any time.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from maild.config.settings import Mode, Settings
from maild.desk.agent_letters import house_letter
from maild.desk.glimpses import cut
from maild.effects import Letter
from maild.house_mail import find_speaking_queue, post_house_letters
from maild.jobs import scheduled_job
from maild.message import Address
from maild.office import Office
from maild.reason import Reason
from maild.store import suppressions, switches
from maild.store.engine import Store
from maild.store.quarantine import KeptOut, list_kept_out

PERIOD = timedelta(days=1)
SETTLING = timedelta(minutes=1)
"""What was decided a moment ago may not be committed yet, and is told of another time."""
SHOWN = 20
MOST = 1000
REPORT = "bounce"
STRAYS = frozenset({"auto", REPORT})
"""Automatic answers and reports about nothing of ours: counted, and not named."""
_TOLD = "quarantine.told"


class QuarantineDigest:
    """Remembers in the store until when it has told."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @scheduled_job("quarantine digest")
    def look(self, office: Office, now: datetime) -> None:
        """Write what is to be written."""
        until = now - SETTLING
        with self._store.reading() as tx:
            told = switches.find(tx, _TOLD)
            since = datetime.fromisoformat(told) if told else until - PERIOD
            found = list_kept_out(tx, since, until, MOST) if until - since >= PERIOD else ()
            unreachable = suppressions.find_unreachable(tx, office.desk.settings, now)
        if since > until:
            self._count_from(until)
        if letters := tuple(_letters(found, unreachable, office.desk.settings)):
            with self._store.writing() as tx:
                post_house_letters(tx, office, letters, Reason("quarantine", f"{len(found)} mails were kept out"), now)
                switches.store(tx, _TOLD, until.isoformat())

    def _count_from(self, until: datetime) -> None:
        """The clock was set back: what came since lies before the time of the last mail, and would be told to nobody."""
        with self._store.writing() as tx:
            switches.store(tx, _TOLD, until.isoformat())


def _letters(found: Sequence[KeptOut], unreachable: frozenset[str], settings: Settings) -> Iterator[Letter]:
    for mailbox in sorted({mail.mailbox for mail in found}):
        mails = [mail for mail in found if mail.mailbox == mailbox]
        queue = settings.queues.get(mailbox)
        speaking = mailbox if queue and queue.mode is not Mode.OBSERVE else find_speaking_queue(settings)
        if speaking:
            yield from (_letter(told, speaking, reader, settings) for reader, told in _told(mailbox, mails, unreachable, settings))


def _told(
    mailbox: str, mails: Sequence[KeptOut], unreachable: frozenset[str], settings: Settings
) -> Iterator[tuple[Address, Sequence[KeptOut]]]:
    """Who is told, and of what. Reports about nothing of ours are the admins' business: backscatter, or a broken way back. Automatic
    answers alone are nobody's."""
    reports = [mail for mail in mails if mail.reason.code == REPORT]
    others = [mail for mail in mails if mail.reason.code != REPORT]
    admins, readers = _admins(settings), _readers(mailbox, unreachable, settings)
    told = others if any(mail.reason.code not in STRAYS for mail in others) else []
    for reader in dict.fromkeys((*readers, *admins)):
        if wanted := [*(told if reader in readers else ()), *(reports if reader in admins else ())]:
            yield reader, wanted


def _readers(mailbox: str, unreachable: frozenset[str], settings: Settings) -> tuple[Address, ...]:
    """The lead of the mailbox's department, else the admins; also where his own mailbox is dead (B6)."""
    queue = settings.queues.get(mailbox)
    lead = settings.agents.get(queue.lead or "") if queue else None
    return (Address(lead.name, lead.email),) if lead and lead.key not in unreachable else _admins(settings)


def _admins(settings: Settings) -> tuple[Address, ...]:
    return tuple(Address("", admin) for admin in settings.desk.admins)


def _letter(mails: Sequence[KeptOut], queue: str, reader: Address, settings: Settings) -> Letter:
    worth_a_look = [mail for mail in mails if mail.reason.code not in STRAYS]
    lines = tuple(
        f"{mail.id}  {mail.author.address}: {cut(mail.subject, 60)} ({cut(mail.reason.text, 80)})" for mail in worth_a_look[-SHOWN:]
    )
    counts = {code: sum(mail.reason.code == code for mail in mails) for code in sorted({mail.reason.code for mail in mails})}
    summary = ", ".join(f"{count} {code}" for code, count in counts.items())
    return house_letter("quarantined", queue, reader, settings, count=len(mails), why=summary, warnings=lines)
