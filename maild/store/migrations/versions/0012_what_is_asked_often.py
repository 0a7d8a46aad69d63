"""Indexes for what is asked after every round of reading and every few seconds: withheld mail that is to be fetched again, and mail that is
kept out. SQLite took others for it, of all mail that a mailbox has ever had, and of all that has no ticket.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    lent = sa.text("claimed_by = 'watcher'")
    folder = ["claimed_by", "mailbox", "folder", "uid_validity"]
    op.create_index("ix_incoming_lent", "incoming", folder, sqlite_where=lent, postgresql_where=lent)
    with_ticket = sa.text("ticket IS NOT NULL")
    op.drop_index("ix_incoming_ticket", "incoming")
    op.create_index("ix_incoming_ticket", "incoming", ["ticket"], sqlite_where=with_ticket, postgresql_where=with_ticket)
