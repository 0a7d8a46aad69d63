"""Who has made somebody a ticket's requester."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("requester_by", sa.Text()))
