"""What the spam filter has said of a mail."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column("incoming", sa.Column("opinion", sa.JSON()))
