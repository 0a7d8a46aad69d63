"""Mail that is kept out: in which folder it lay, that its copy was marked as junk; mailboxes have more than one folder (MAIL.md S4).
What has had its time is found by indexes (S5).
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TEXT = sa.Text()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _note_where_mail_lay()
    _give_mailboxes_a_second_folder()
    _find_what_is_to_be_forgotten()


def _note_where_mail_lay() -> None:
    op.add_column("incoming", sa.Column("folder", TEXT, nullable=False, server_default="inbox"))
    op.add_column("incoming", sa.Column("junk", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_index("ix_incoming_uid", "incoming")
    op.create_index("ix_incoming_uid", "incoming", ["mailbox", "folder", "uid_validity", "uid"], unique=True)


def _give_mailboxes_a_second_folder() -> None:
    """SQLite cannot change a primary key; there are few rows, and they are carried over by hand."""
    kept = ("mailbox", TEXT), ("uid_validity", NUMBER), ("watermark", NUMBER), ("first_contact", TIME), ("state", TEXT), ("error", TEXT)
    columns = [sa.column(name, kind) for name, kind in (*kept, ("last_success", TIME), ("changed", TIME))]
    before = op.get_bind().execute(sa.select(*columns).select_from(sa.table("mailboxes"))).mappings().all()
    op.drop_table("mailboxes")
    table = op.create_table(
        "mailboxes",
        sa.Column("mailbox", TEXT, nullable=False),
        sa.Column("folder", TEXT, nullable=False),
        sa.Column("uid_validity", NUMBER, nullable=True),
        sa.Column("watermark", NUMBER, nullable=False),
        sa.Column("first_contact", TIME, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("last_success", TIME, nullable=True),
        sa.Column("changed", TIME, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "folder"),
    )
    op.bulk_insert(table, [{**row, "folder": "inbox"} for row in before])


def _find_what_is_to_be_forgotten() -> None:
    kept_out = sa.text(
        "ticket IS NULL AND (state IN ('quarantined', 'duplicate')"
        " OR folder = 'sent' AND state = 'done' AND reason_code NOT IN ('expired', 'deleted'))"
    )
    ended = sa.text("status IN ('spam', 'closed')")
    op.create_index("ix_incoming_kept_out", "incoming", ["settled"], sqlite_where=kept_out, postgresql_where=kept_out)
    op.create_index("ix_tickets_ended", "tickets", ["status", "updated"], sqlite_where=ended, postgresql_where=ended)
