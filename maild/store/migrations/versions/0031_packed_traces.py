"""What all rules made of an event, packed: of a hundred rules next to none does anything, and each says why not."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("rule_traces", sa.Column("whole", sa.LargeBinary()))
