"""Tasks of tickets (PRODUCT 20), and which one a letter tells of."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DUE = sa.text("due IS NOT NULL AND told IS NULL AND done IS NULL")
OPEN = sa.text("done IS NULL")


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("ticket", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_tasks_ticket", "tasks", ["ticket", "number"])
    op.create_index("ix_tasks_due", "tasks", ["due"], sqlite_where=DUE, postgresql_where=DUE)
    op.create_index("ix_tasks_agent", "tasks", ["agent"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.add_column("letters", sa.Column("task", NUMBER))
