"""Who really wrote a mail that came through a machine: a contact form (MAIL.md L6a), or a list that puts itself into From (P14). Pure.

The mail then reads as if its writer had sent it, but for one thing: such a From proves nothing, so it is never strict (A2).
"""

from dataclasses import dataclass, replace

from maild.config.settings import Settings
from maild.ingest.address_kinds import list_addresses
from maild.ingest.addresses import read_addresses
from maild.ingest.authentication import judge
from maild.ingest.witness import Witness
from maild.message import Address, AuthResult, InboundMessage

REWRITTEN = "the mail came through a machine, which named its writer"


@dataclass(frozen=True, slots=True)
class Through:
    """The mail as its writer's. `form`: it came from a contact form of ours, so that the signs of a machine in it mean nothing."""

    message: InboundMessage
    form: bool = False


def find_author(message: InboundMessage, witness: Witness | None, settings: Settings) -> Through:
    """The mail with its true author in From; most mails come back as they are. `witness`: whose word about a form's mail counts."""
    if writer := _form_writer(message, witness, settings):
        return Through(_written_by(writer, message), form=True)
    if writer := _list_writer(message, settings):
        return Through(_written_by(writer, message))
    return Through(message)


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
    is_the_list = sender in listed or (original is not None and (settings.is_own_address(sender) or sender in settings.own_lists))
    writer = message.reply_to[0]
    if not is_the_list or "@" not in writer.address or writer.key == sender:
        return None
    return original if original and original.key == writer.key else writer


def _written_by(writer: Address, message: InboundMessage) -> InboundMessage:
    return replace(message, header_from=(writer,), from_defect=REWRITTEN, reply_to=())
