"""What a mail is known again by (MAIL.md F1) stands on the mail that came in, whether it left a message on a ticket or not."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("incoming", sa.Column("message_id", sa.Text()))
    op.add_column("incoming", sa.Column("fingerprint", sa.Text()))
    op.add_column("incoming", sa.Column("date", TIME))
    _fill()
    op.create_index("ix_incoming_message_id", "incoming", ["message_id"])
    op.drop_column("messages", "fingerprint")
    op.drop_column("messages", "date")


def _fill() -> None:
    """From the message each mail left; mail that left none is known by its place on the server only, as it was before."""
    incoming = sa.table("incoming", sa.column("id"), *_moved())
    messages = sa.table("messages", sa.column("incoming"), *_moved())
    for column in _moved():
        left = sa.select(messages.c[column.name]).where(messages.c.incoming == incoming.c.id).correlate(incoming).limit(1)
        op.execute(sa.update(incoming).values({column.name: left.scalar_subquery()}))


def _moved() -> tuple[sa.ColumnClause[Any], ...]:
    return sa.column("message_id", sa.Text()), sa.column("fingerprint", sa.Text()), sa.column("date", TIME)
