"""For which departments a mail was read stands on the mail that came in: another may have it to itself (MAIL.md F10)."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("incoming", sa.Column("departments", sa.JSON()))
