"""Tickets that come back by themselves (PRODUCT 18), and the index by which those that are due are found."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("snoozed_until", sa.DateTime(timezone=True)))
    snoozed = sa.text("snoozed_until IS NOT NULL")
    op.create_index("ix_tickets_snoozed", "tickets", ["snoozed_until"], sqlite_where=snoozed, postgresql_where=snoozed)
