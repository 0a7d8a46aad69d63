"""The command lines that mend an agent's mail which was given back, and those the desk has asked him about (MAIL.md A7)."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("incoming", sa.Column("corrected", sa.Text()))
    op.add_column("letters", sa.Column("offer", sa.Text()))
