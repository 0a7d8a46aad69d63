"""Who really wrote a mail that came through a machine: a contact form (MAIL.md L6a), a list that puts itself into From (P14), or one of
which a rule knows where it names him (RULES.md 4). Pure.

The mail then reads as if its writer had sent it, but for one thing: such a From proves nothing, so it is never strict (A2). Anybody can
fill in a form, write list headers, or give a list a Reply-To, so the `Carrier` says how little its word is worth.
"""

from dataclasses import dataclass, replace

from maild.config.settings import Settings
from maild.ingest.address_kinds import list_addresses
from maild.ingest.addresses import read_addresses
from maild.ingest.authentication import judge
from maild.ingest.witness import Witness
from maild.message import Address, AuthResult, InboundMessage
from maild.reason import Reason

REWRITTEN = "the mail came through a machine, which named its writer"


@dataclass(frozen=True, slots=True)
class Carrier:
    """The machine that named a mail's writer.

    `is_form`: a contact form of ours, so that the signs of a machine in the mail mean nothing. `unproven`: why the writer it names gets no
    automatic mail (P14: anybody could have named him); None for a machine of ours that is proved, or that nobody is there to judge.
    `rule`: the one that has read his name out of the mail, "" where none has; `address`: the machine's own, where one has.
    """

    is_form: bool
    unproven: Reason | None = None
    rule: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Through:
    """The mail as its writer's. `carrier` None: he sent it himself."""

    message: InboundMessage
    carrier: Carrier | None = None


def find_author(message: InboundMessage, witness: Witness | None, settings: Settings) -> Through:
    """The mail with its true author in From; most mails come back as they are. `witness`: whose word about the machine counts."""
    if writer := _form_writer(message, witness, settings):
        return Through(_written_by(writer, message), Carrier(is_form=True))
    if writer := _list_writer(message, settings):
        return Through(_written_by(writer, message), Carrier(is_form=False, unproven=_why_unproven(message, witness, settings)))
    return Through(message)


def name_writer(message: InboundMessage, writer: str, rule: str, witness: Witness | None) -> Through:
    """RULES.md 4: the mail as that of whom a rule has found in it. A machine that is proved speaks for him as a contact form does (L6a); of
    any other its writer may have made up both."""
    machine = message.author.address if message.author else ""
    is_proved = len(message.header_from) == 1 and judge(message, witness, (message.header_from[0].key,)).verdict is AuthResult.PASS
    unproven = Reason("unproven-machine", f"its writer is named by {machine}, and nothing proves that it came from there")
    carrier = Carrier(is_form=is_proved, unproven=None if is_proved else unproven, rule=rule, address=machine)
    return Through(_written_by(Address("", writer), message), carrier)


def _form_writer(message: InboundMessage, witness: Witness | None, settings: Settings) -> Address | None:
    """L6a: the form's own mail, proved to be so, with a single Reply-To that is no address of ours."""
    if len(message.header_from) != 1 or message.header_from[0].key not in settings.forms or len(message.reply_to) != 1:
        return None
    (writer,) = message.reply_to
    if "@" not in writer.address or settings.is_own_address(writer.address):
        return None
    proof = judge(message, witness, (message.header_from[0].key,))
    return writer if proof.verdict is AuthResult.PASS else None


def _list_writer(message: InboundMessage, settings: Settings) -> Address | None:
    """P14. Seen in practice: `From: "'Ann Smith' via Support" <support@acme.example>`, with Ann in Reply-To and X-Original-From."""
    if len(message.header_from) != 1 or not message.reply_to:
        return None
    original = next(iter(read_addresses(message.fields("X-Original-From") or message.fields("X-Original-Sender")).addresses), None)
    listed = {address.casefold() for address in list_addresses(message)}
    sender = message.header_from[0].key
    is_the_list = sender in listed or (original is not None and _is_ours(sender, settings))
    writer = message.reply_to[0]
    if not is_the_list or "@" not in writer.address or writer.key == sender:
        return None
    return original if original and original.key == writer.key else writer


def _why_unproven(message: InboundMessage, witness: Witness | None, settings: Settings) -> Reason | None:
    """P14. A sender of his own domain may pass for the list that he names himself, so it must be one of ours."""
    address = message.header_from[0].key
    if not _is_ours(address, settings):
        return Reason("foreign-list", f"its writer is named by {address}, which is no list of this desk")
    if witness is None or judge(message, witness, (address,)).verdict is AuthResult.PASS:
        return None
    return Reason("unproven-list", f"its writer is named by {address}, and nothing proves that it came from there")


def _is_ours(address: str, settings: Settings) -> bool:
    return settings.is_own_address(address) or address in settings.own_lists


def _written_by(writer: Address, message: InboundMessage) -> InboundMessage:
    return replace(message, header_from=(writer,), from_defect=REWRITTEN, reply_to=())
