"""Agents' mail programs, tried out by a letter that is answered from each (PRODUCT 34c)."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "welcomes",
        sa.Column("agent", sa.Text(), primary_key=True),
        sa.Column("letter", NUMBER, nullable=False),
        sa.Column("sent", TIME, nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("unproven", sa.Integer(), nullable=False),
    )
    op.create_table(
        "devices",
        sa.Column("agent", sa.Text(), primary_key=True),
        sa.Column("program", sa.Text(), primary_key=True),
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("automatic", sa.Boolean(), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("replies", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("mechanism", sa.Text(), nullable=False),
        sa.Column("read", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("commands", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("incoming", NUMBER),
        sqlite_with_rowid=False,
    )
