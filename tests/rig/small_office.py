"""The office of a small desk that no server belongs to: for tests of rooms that decide and write, and neither fetch nor send."""

from pathlib import Path

from maild.config.load import require_settings
from maild.office import Office, open_office

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna], mailbox: {host: localhost, security: none, username: u, password: p}}
agents: {anna: {name: Anna, email: anna@acme.example}}
"""


def an_office(directory: Path, desk: str = DESK) -> Office:
    (directory / "secret.key").write_text("k" * 64, encoding="ascii")
    (directory / "maild.yaml").write_text(desk, encoding="utf-8")
    return open_office(require_settings(directory))
