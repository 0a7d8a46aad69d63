"""By which rule's wish a letter was written, and which rules are paused since they have sent too many."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BY_RULES = sa.text("rule IS NOT NULL")


def upgrade() -> None:
    op.add_column("letters", sa.Column("rule", sa.Text()))
    op.create_index("ix_letters_rule", "letters", ["rule", "created"], sqlite_where=BY_RULES, postgresql_where=BY_RULES)
    op.create_table(
        "rule_pauses",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True)),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("counted_after", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("rule"),
        sqlite_with_rowid=False,
    )
