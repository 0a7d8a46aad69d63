"""The office of a small desk of two agents that no server belongs to: for what decides and writes, and neither fetches nor sends."""

from pathlib import Path

from maild.config.load import require_settings
from maild.office import Office, open_office
from maild.store import letters, outbox
from maild.store.engine import Store

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna, boris], mode: live,
    mailbox: {host: localhost, security: none, username: u, password: p}}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example}}
"""


def an_office(directory: Path, desk: str = DESK) -> Office:
    (directory / "secret.key").write_text("k" * 64, encoding="ascii")
    (directory / "maild.yaml").write_text(desk, encoding="utf-8")
    return open_office(require_settings(directory))


def read_outbox(store: Store) -> list[tuple[str, str]]:
    """Whom all letters go to, and what they say."""
    with store.reading() as tx:
        return sorted((row.recipient, letters.raw(tx, row.id).decode()) for row in outbox.list_outbox(tx))
