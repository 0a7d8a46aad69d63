"""Addresses that agents had added and have no more: a backtest asks whose they were when a mail came."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "former_agent_addresses",
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("added", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=False),
    )
