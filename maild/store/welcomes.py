"""Letters of welcome, and what answers to them have shown of agents' mail programs (PRODUCT 34c)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from maild.effects import NoteWelcomeAnswer
from maild.message import AuthResult
from maild.store.engine import AnyRow, Transaction
from maild.store.tables.desk import devices, welcomes
from maild.store.tables.mail_out import letters
from maild.welcome import Change, Device, Replies, Welcome, Whose

_WELCOMES = select(
    welcomes.c.agent,
    welcomes.c.letter,
    func.coalesce(letters.c.subject, ""),
    welcomes.c.sent,
    welcomes.c.answers,
    welcomes.c.unproven,
).outerjoin(letters, letters.c.number == welcomes.c.letter)


def begin(tx: Transaction, agent: str, letter: int, now: datetime) -> None:
    """From now on answers are counted anew. What is known of his mail programs stays until they answer again."""
    tx.execute(delete(welcomes).where(welcomes.c.agent == agent))
    tx.execute(welcomes.insert(), {"agent": agent, "letter": letter, "sent": now, "answers": 0, "unproven": 0})


def find(tx: Transaction, agent: str) -> Welcome | None:
    """The agent's last welcome; None before the first."""
    row = tx.execute(_WELCOMES.where(welcomes.c.agent == agent)).first()
    return Welcome(*row) if row else None


def find_all(tx: Transaction) -> Mapping[str, Welcome]:
    """The last welcome of everybody who had one, by key."""
    return {row[0]: Welcome(*row) for row in tx.execute(_WELCOMES)}


def note(tx: Transaction, answer: NoteWelcomeAnswer, incoming: int | None) -> None:
    """Count an answer, and remember what it has shown instead of what the same program has shown before; but what anybody may have
    written takes the place of nothing."""
    counted = {"answers": welcomes.c.answers + 1, "unproven": welcomes.c.unproven + int(answer.unproven)}
    tx.execute(update(welcomes).where(welcomes.c.agent == answer.agent).values(counted))
    if answer.device and not (answer.unproven and _is_known(tx, answer.device)):
        _store(tx, replace(answer.device, incoming=incoming))


def list_devices(tx: Transaction) -> tuple[Device, ...]:
    """Every mail program that has answered, by agent, the newest answer first."""
    rows = tx.execute(select(devices).order_by(devices.c.agent, devices.c.at.desc(), devices.c.program, devices.c.address))
    return tuple(map(_device, rows))


def _is_known(tx: Transaction, device: Device) -> bool:
    return tx.execute(select(devices.c.at).where(_is_the_same(device))).first() is not None


def _is_the_same(device: Device) -> ColumnElement[bool]:
    return and_(
        devices.c.agent == device.agent,
        devices.c.program == device.program,
        devices.c.address == device.address,
        devices.c.automatic == device.automatic,
    )


def _store(tx: Transaction, device: Device) -> None:
    tx.execute(delete(devices).where(_is_the_same(device)))
    tx.execute(
        devices.insert(),
        {
            "agent": device.agent,
            "program": device.program,
            "address": device.address,
            "automatic": device.automatic,
            "at": device.at,
            "whose": device.whose.value,
            "replies": device.replies.value,
            "auth": device.auth.value,
            "proven": device.proven,
            "proof": device.proof,
            "fresh": device.fresh,
            "token": device.token,
            "mechanism": device.mechanism,
            "read": device.read,
            "signature": device.signature,
            "form": device.form,
            "commands": list(device.commands),
            "changes": [change.value for change in device.changes],
            "incoming": device.incoming,
        },
    )


def _device(row: AnyRow) -> Device:
    return Device(
        agent=row.agent,
        program=row.program,
        address=row.address,
        at=row.at,
        whose=Whose(row.whose),
        replies=Replies(row.replies),
        auth=AuthResult(row.auth),
        proven=row.proven,
        proof=row.proof,
        fresh=row.fresh,
        token=row.token,
        mechanism=row.mechanism,
        read=row.read,
        signature=row.signature,
        form=row.form,
        commands=tuple(row.commands),
        changes=tuple(map(Change, row.changes)),
        automatic=row.automatic,
        incoming=row.incoming,
    )
