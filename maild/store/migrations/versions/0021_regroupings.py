"""What was merged, linked and split, so that it can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MERGED = sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "regroupings",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket", NUMBER, nullable=False),
        sa.Column("other", NUMBER, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_regroupings_ticket", "regroupings", ["ticket", "id"])
    op.create_index("ix_regroupings_other", "regroupings", ["other", "id"])
    op.create_index("ix_tickets_merged", "tickets", ["merged_into"], sqlite_where=MERGED, postgresql_where=MERGED)
