"""Letters of which the department's Sent folder is still to get a copy (MAIL.md O10)."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sent_copies",
        sa.Column("letter", NUMBER, nullable=False, autoincrement=False),
        sa.Column("accepted", TIME),
        sa.Column("due", TIME),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["letters.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("letter"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sent_copies_due", "sent_copies", ["due"])
