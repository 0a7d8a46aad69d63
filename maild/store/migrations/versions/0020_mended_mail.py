"""Which command lines mend an agent's mail that came back, and which he was asked about (MAIL.md A7); up to when he and a letter know what
colleagues have answered (A11)."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("incoming", sa.Column("corrected", sa.Text()))
    op.add_column("incoming", sa.Column("caught_up", sa.DateTime(timezone=True)))
    op.add_column("letters", sa.Column("offer", sa.Text()))
    op.add_column("letters", sa.Column("as_of", sa.DateTime(timezone=True)))
