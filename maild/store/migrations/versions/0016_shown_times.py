"""The times of messages that people see (MAIL.md P15). Those stored before are shown at their arrival, as they were."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("messages", sa.Column("shown", sa.DateTime(timezone=True)))
