"""Of which tickets agents are still to be told in one mail, and how many notifications each got of late (MAIL.md L4)."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
NOTIFICATIONS = sa.text("template = 'notification'")


def upgrade() -> None:
    op.create_table(
        "folds",
        sa.Column("agent", TEXT, nullable=False),
        sa.Column("ticket", NUMBER, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("agent", "ticket"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_folds_ticket", "folds", ["ticket"])
    op.create_index("ix_letters_notified", "letters", ["created", "agent"], sqlite_where=NOTIFICATIONS, postgresql_where=NOTIFICATIONS)
