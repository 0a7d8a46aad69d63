"""What tells loops and guesses (MAIL.md L5, S6): the conduct beside each mail, who is muted; and who was named on a message (F6)."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
GUESSING = sa.text("wrong_tokens > 0")


def upgrade() -> None:
    op.add_column("incoming", sa.Column("author_key", TEXT))
    op.add_column("incoming", sa.Column("author_domain", TEXT))
    op.add_column("incoming", sa.Column("wrong_tokens", sa.Integer()))
    op.add_column("incoming", sa.Column("is_prompt", sa.Boolean()))
    op.add_column("incoming", sa.Column("text_hash", TEXT))
    op.create_index("ix_incoming_author", "incoming", ["author_key", "settled"])
    op.create_index("ix_incoming_guesses", "incoming", ["author_domain", "settled"], sqlite_where=GUESSING, postgresql_where=GUESSING)
    op.create_table(
        "mutes",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "message_names",
        sa.Column("message", NUMBER, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "address"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_message_names_address", "message_names", ["address"])
