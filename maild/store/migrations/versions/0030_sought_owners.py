"""Which rule looks for an owner of a ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("sought_by", sa.Text()))
    sought = sa.text("sought_by IS NOT NULL")
    op.create_index("ix_tickets_sought", "tickets", ["sought_by"], sqlite_where=sought, postgresql_where=sought)
