"""Which tier a ticket is with, and who of the first follows one that is with the second."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("tier", sa.Text(), nullable=False, server_default="L1"))
    op.add_column("tickets", sa.Column("follower", sa.Text()))
