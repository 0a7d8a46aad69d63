"""On which tickets time rules wait, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rule_stays",
        sa.Column("ticket", NUMBER, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("about", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ticket", "rule", "about"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_rule_stays_due", "rule_stays", ["rule", "due"])
    op.create_index("ix_rule_stays_since", "rule_stays", ["since"])
