"""Letters of ours that a mail may answer: what each tells of, and what may become of that by an answer."""

from collections.abc import Collection

from sqlalchemy import bindparam, select

from maild.effects import IncomingState
from maild.known_letter import (
    COMMAND_FAILED,
    CONTROL,
    CROSSED,
    KEPT_AS_NOTE,
    PERSONAL_ADDRESS,
    TAKEN_BACK,
    UNVERIFIED,
    HeldAway,
    KeptMail,
    KnownLetter,
    ReturnedMail,
)
from maild.message import Address
from maild.store.engine import AnyRow, Transaction
from maild.store.prepared import Prepared
from maild.store.tables.mail_in import incoming
from maild.store.tables.mail_out import letters
from maild.tokens import LetterKind

_LETTER = select(
    letters.c.number,
    letters.c.message_id,
    letters.c.kind,
    letters.c.ticket,
    letters.c.agent,
    letters.c.internal,
    letters.c.created,
    letters.c.author,
    letters.c.template,
    letters.c.subject,
    letters.c.offer,
    letters.c.as_of,
    letters.c.task,
    incoming.c.id.label("because_of"),
    incoming.c.state,
    incoming.c.reason_code,
    incoming.c.sent_after_all,
    incoming.c.author_name,
    incoming.c.author_address,
    incoming.c.message_id.label("tells_of"),
).outerjoin(incoming, incoming.c.id == letters.c.incoming)
_LETTERS = Prepared(_LETTER.where(letters.c.number.in_(bindparam("numbers", expanding=True))))


def find_letters(tx: Transaction, numbers: Collection[int]) -> dict[int, KnownLetter]:
    if not numbers:
        return {}
    return {row.number: _known_letter(row) for row in _LETTERS.read(tx, {"numbers": list(numbers)})}


def _known_letter(row: AnyRow) -> KnownLetter:
    return KnownLetter(
        letter=row.number,
        message_id=row.message_id,
        kind=LetterKind(row.kind),
        ticket=row.ticket,
        agent=row.agent,
        internal=row.internal,
        created=row.created,
        author=row.author,
        kept=_kept_mail(row) if row.because_of is not None and _is_kept(row) else None,
        returned=_returned_mail(row) if row.because_of is not None and row.template == COMMAND_FAILED else None,
        crossed=_returned_mail(row) if row.because_of is not None and row.template == CROSSED else None,
        asked=_returned_mail(row) if row.because_of is not None and row.template == CONTROL and row.offer else None,
        held=_held_away(row) if row.because_of is not None and _is_held(row) else None,
        as_of=row.as_of,
        writer=Address(row.author_name, row.author_address) if row.author_address else None,
        tells_of=row.tells_of or "",
        task=row.task,
        subject=row.subject,
    )


def _is_held(row: AnyRow) -> bool:
    """A stranger's mail to an agent's personal address is let in by him only as his own."""
    return bool(row.template == UNVERIFIED or (row.template == PERSONAL_ADDRESS and row.offer))


def _is_kept(row: AnyRow) -> bool:
    """An answer that was taken back from some only has gone out, and is not sent once more."""
    return bool(row.template == KEPT_AS_NOTE or (row.template == TAKEN_BACK and row.offer is not None))


def _kept_mail(row: AnyRow) -> KeptMail:
    return KeptMail(row.because_of, row.sent_after_all or row.state != IncomingState.DONE.value)


def _returned_mail(row: AnyRow) -> ReturnedMail:
    return ReturnedMail(
        row.because_of, row.offer, row.state != IncomingState.DONE.value or row.reason_code not in (COMMAND_FAILED, CROSSED)
    )


def _held_away(row: AnyRow) -> HeldAway:
    adds = row.offer or "" if row.template == PERSONAL_ADDRESS else ""
    return HeldAway(row.because_of, row.state == IncomingState.QUARANTINED.value, adds)
