"""The ways back (MAIL.md O1a, O4, O5): what test mails have shown of them, the ids that relays give our letters, and an envelope sender and
id for each delivery, where until now the letter had one sender for all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("envelope_sender", "envelope_id"):
        op.add_column("deliveries", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    _hand_down()
    op.drop_column("letters", "envelope_sender")
    op.create_table(
        "letter_aliases",
        sa.Column("alias", sa.Text(), primary_key=True),
        sa.Column("letter", NUMBER, sa.ForeignKey("letters.number", ondelete="CASCADE"), nullable=False),
        sa.Column("by_relay", sa.Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_letter_aliases_letter", "letter_aliases", ["letter"])
    op.create_table(
        "round_trips",
        sa.Column("queue", sa.Text(), primary_key=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plus", sa.Boolean(), nullable=False),
        sa.Column("seen_in", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Boolean(), nullable=False),
        sa.Column("null_sender", sa.Boolean(), nullable=False),
        sa.Column("keeps_ids", sa.Boolean(), nullable=False),
    )


def _hand_down() -> None:
    deliveries = sa.table("deliveries", sa.column("letter"), sa.column("envelope_sender"))
    letters = sa.table("letters", sa.column("number"), sa.column("envelope_sender"))
    senders = sa.select(letters.c.envelope_sender).where(letters.c.number == deliveries.c.letter).correlate(deliveries)
    op.execute(sa.update(deliveries).values(envelope_sender=senders.scalar_subquery()))
