"""Which mail a letter was written because of, and that an agent has had one sent that was kept as a note (MAIL.md A6)."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("incoming", sa.Column("sent_after_all", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("letters", sa.Column("incoming", NUMBER))
