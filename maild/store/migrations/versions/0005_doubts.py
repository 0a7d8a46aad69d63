"""What is proved of a mail's sender stands on the mail that came in (MAIL.md S2)."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text()


def upgrade() -> None:
    op.add_column("incoming", sa.Column("auth", TEXT))
    passed = sa.text("auth = 'pass'")
    op.create_index("ix_incoming_passed", "incoming", ["author_key"], sqlite_where=passed, postgresql_where=passed)
