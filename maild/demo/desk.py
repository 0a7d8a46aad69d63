"""The demo's desk: the real daemon on the playground, configured in a temporary folder. Leaves nothing behind, however it ends.

What is played on it is `story`'s.
"""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from maild import maillog
from maild.config.initial import canned_samples
from maild.daemon import App
from maild.demo.cast import ADMIN, ANNA, BILLING, BORIS, DOMAIN, EVERYBODY, SALES, SUPPORT
from maild.demo.mailserver import Playground
from maild.effects import IncomingState
from maild.errors import MaildError
from maild.store import outbox, received_mail, tickets
from maild.store.engine import Store, open_store
from maild.store.outbox import OutboxRow
from maild.store.received_mail import IncomingRow
from maild.store.status import find_depths
from maild.store.tickets import EventRow, TicketRow

CONFIGURATION = Template("""\
desk: {name: Acme, tag: Acme, domain: $domain, secret: {file: secret.key}, first_number: 1001, admins: [$admin]}
imap: {host: $host, port: $imap_port, security: none}
smtp: {host: $host, port: $smtp_port, security: none, username: $support, password: $password}
trust: {authserv_ids: [$authserv_id], agent_auth: token+dmarc}
# Whoever plays writes more in a minute than a customer in a week.
limits: {automatic: {per_recipient: 60/1h}, storm: {per_sender: 60/10m}}
queues:
  support: {name: Support, address: $support, mailbox: {password: $password}, agents: [anna, boris], lead: anna}
  sales:
    name: Sales
    address: $sales
    mailbox: {password: $password}
    smtp: {username: $sales, password: $password}
    agents: [boris]
  billing:
    name: Billing
    address: $billing
    mailbox: {password: $password}
    smtp: {username: $billing, password: $password}
    agents: [anna]
agents:
  anna: {name: $anna_name, email: $anna, role: lead}
  boris: {name: $boris_name, email: $boris}
""")

RULES = """\
version: 1

lists:
  # A final star stands for any ending, which inflected languages need.
  invoice_words: [invoice*, rechnung*, factura*, facture*, фактур*, τιμολογι*, счет*, فاکتور*]

rules:
  - id: spam
    about: What the mail provider's filter calls spam becomes no ticket.
    when: mail.received
    if: {header.X-Spam-Flag: "YES"}
    do: [{quarantine: "the provider's filter calls it spam"}]
    stop: true

  - id: invoices
    about: Whoever asks about an invoice is billing's, whatever address he wrote to.
    when: ticket.created
    if: {text: {word: $invoice_words}}
    do: [{default: {queue: billing}}, {tag: [invoice]}]

tests:
  - name: an invoice in Bulgarian is billing's
    mail: {from: irina@rodopi.example, to: support@acme.example, subject: Въпрос, body: Къде е фактурата ми?}
    expect: {fired: [invoices], ticket: {queue: billing, tags: [invoice]}}
"""


@dataclass(frozen=True, slots=True)
class DemoDesk:
    """A running desk. Reads the same store the command line reads."""

    directory: Path
    playground: Playground
    _store: Store
    _app: App

    def tickets(self) -> tuple[TicketRow, ...]:
        """The oldest first."""
        with self._store.reading() as tx:
            return tuple(reversed(tickets.list_tickets(tx)))

    def log(self, number: int) -> tuple[EventRow, ...]:
        """What happened to a ticket, the oldest line first."""
        with self._store.reading() as tx:
            return tickets.list_events(tx, number)

    def incoming(self) -> tuple[IncomingRow, ...]:
        """Mail in that has been read, the oldest first."""
        with self._store.reading() as tx:
            rows = received_mail.list_incoming(tx)
        return tuple(row for row in reversed(rows) if row.state is not IncomingState.RECEIVED)

    def outbox(self) -> tuple[OutboxRow, ...]:
        """Letters out, the newest first."""
        with self._store.reading() as tx:
            return outbox.list_outbox(tx)

    def reload(self) -> None:
        """Read the desk's files anew; broken ones leave it as it is, and the log says so."""
        self._app.reload()

    def is_outbox_empty(self) -> bool:
        """Has everything left that was written?"""
        with self._store.reading() as tx:
            return not find_depths(tx).outbox


@contextmanager
def open_desk() -> Iterator[DemoDesk]:
    """Start everything, end everything. The daemon's log is a file in the desk's folder.

    Raises:
        MaildError: the IMAP server of the demo is not installed or does not start.
    """
    if find_spec("pymap") is None:
        raise MaildError("the demo needs the IMAP server pymap, which is not installed: pip install 'maild[demo]'")
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="maild-demo-")))
        playground = Playground.start(person.address for person in EVERYBODY)
        stack.callback(playground.stop)
        write_configuration(directory, playground)
        maillog.set_up(stack.enter_context((directory / "maild.log").open("w", encoding="utf-8")))
        app = App(directory)
        app.start()
        stack.callback(app.stop)
        store = open_store(app.settings.storage.url, directory, create=False)
        stack.callback(store.close)
        yield DemoDesk(directory, playground, store, app)


def write_configuration(directory: Path, playground: Playground) -> None:
    """Everything maild needs to know of this desk; the folder is the demo's own and readable by nobody else."""
    values = {
        "domain": DOMAIN,
        "host": playground.host,
        "imap_port": playground.imap_port,
        "smtp_port": playground.smtp_port,
        "password": playground.password,
        "authserv_id": playground.authserv_id,
        "admin": ADMIN.address,
        "support": SUPPORT.address,
        "sales": SALES.address,
        "billing": BILLING.address,
        "anna": ANNA.address,
        "anna_name": ANNA.name,
        "boris": BORIS.address,
        "boris_name": BORIS.name,
    }
    for folder in ("rules", "canned"):
        (directory / folder).mkdir()
    texts = {
        Path("maild.yaml"): CONFIGURATION.substitute(values),
        Path("secret.key"): f"{secrets.token_hex(32)}\n",
        Path("rules/10-demo.yaml"): RULES,
        **canned_samples(),
    }
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
        (directory / name).chmod(0o600)
