"""Agents' own mails, to be found by who wrote them (MAIL.md P9)."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

AGENTS = sa.text("agent IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_messages_agent", "messages", ["agent", "id"], sqlite_where=AGENTS, postgresql_where=AGENTS)
