"""Since when somebody else is a ticket's requester, who is not shown what was said before."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("requester_since", sa.DateTime(timezone=True)))
