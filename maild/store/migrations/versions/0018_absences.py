"""Which agents are away, until when, and who stands in for them (PRODUCT 12)."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("agent", sa.Text(), primary_key=True),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME),
        sa.Column("deputy", sa.Text()),
    )
    op.create_index("ix_absences_until", "absences", ["until"])
