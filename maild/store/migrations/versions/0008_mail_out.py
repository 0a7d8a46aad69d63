"""Letters of which the Sent folder is still to get a copy (MAIL.md O10), and Outlook's conversation headers, for later answers (O3)."""

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
    op.add_column("messages", sa.Column("thread_headers", sa.JSON(none_as_null=True)))
    op.create_index("ix_sent_copies_due", "sent_copies", ["due"])
