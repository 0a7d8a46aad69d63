"""Where a requester wants his letters (MAIL.md P14). Those of tickets opened before go to where he wrote from, as they did."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("reply_to", sa.Text()))
