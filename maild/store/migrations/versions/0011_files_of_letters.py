"""Files of letters, kept once however many letters have carried them (MAIL.md P13). Letters packed before keep theirs in themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("sha256", sa.Text(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "letter_files",
        sa.Column("letter", NUMBER, sa.ForeignKey("letters.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("position", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("file", sa.Text(), sa.ForeignKey("files.sha256"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_letter_files_file", "letter_files", ["file"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE files ALTER COLUMN content SET STORAGE EXTERNAL")
