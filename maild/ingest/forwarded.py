"""The mail that another one passes on (MAIL.md A12), put together of what is known of it. Pure.

One that is attached is read like any mail (`maild.ingest.parse`); of one in the text only its sender's own line says who wrote it, and the
header of the mail around it by what id it goes.
"""

from dataclasses import replace

from maild.ingest.forwards import Block, read_sender, subject_passed_on
from maild.ingest.headers import find_identifiers
from maild.ingest.hygiene import one_line
from maild.ingest.identity import fingerprint, message_identity
from maild.ingest.language import guess_language
from maild.ingest.mime import Part
from maild.ingest.new_text import cut_reply, keep_reply
from maild.ingest.tree import MESSAGES
from maild.message import Attachment, Forwarded, InboundMessage

ID_FIELDS = ("X-Forwarded-Message-Id", "In-Reply-To")
"""Where programs name what they pass on: Thunderbird; Gmail, Outlook."""


def find_enclosed(root: Part) -> tuple[Part, ...]:
    """The messages attached to a mail, not those within them."""
    if root.content_type in MESSAGES:
        return (root,) if root.children else ()
    return tuple(found for child in root.children for found in find_enclosed(child))


def attached_mail(message: InboundMessage, mail: InboundMessage, part: Part, others: int) -> Forwarded:
    """The mail in an attached part, as the one around it passes it on."""
    files = tuple(file for file in message.attachments if file.part != part.index)
    return Forwarded(mail, "" if message.nothing_new else message.new_text, files, is_attached=True, others=others)


def mail_in_text(message: InboundMessage, block: Block, html: str) -> Forwarded:
    """The mail in the text of another. Its files are attached to that one, and nothing tells them from those of whoever passes it on."""
    sender = read_sender(block.sender)
    uncut, new = keep_reply(block.lines), cut_reply(block.lines)
    files = tuple(file for file in message.attachments if _is_the_forwarders(file, message))
    subject = one_line(block.subject) or subject_passed_on(message.subject)
    author, sent = sender.key if sender else "", one_line(block.sent)
    synthetic, _ = message_identity(None, author, sent, subject, uncut.visible.encode())
    named = _named_id(message)
    mail = replace(
        message,
        headers=(),
        header_from=(sender,) if sender else (),
        from_fields=1,
        from_defect="",
        sender=None,
        reply_to=(),
        to=(),
        cc=(),
        recipients=(),
        return_path=None,
        subject=subject,
        date=None,
        message_id=named or synthetic,
        message_id_given=bool(named),
        in_reply_to=(),
        references=tuple(identifier for identifier in message.references if identifier != named),
        fingerprint=fingerprint(author, sent, subject, uncut.visible),
        text=uncut.visible,
        uncut_text=uncut.visible,
        uncut_html=html,
        new_text=new.visible,
        new_html=html if new.visible == uncut.visible else "",
        html=html,
        elided=new.elided,
        nothing_new=new.is_old,
        attachments=tuple(replace(file, elided=False) for file in message.attachments if file not in files),
        language=guess_language(uncut.visible),
    )
    return Forwarded(mail, block.words, files, is_attached=False, sent=sent)


def _named_id(message: InboundMessage) -> str:
    """The id of what is passed on, "" where the header names none, or several."""
    named = (find_identifiers(message.field(name) or "") for name in ID_FIELDS)
    return next((identifiers[0] for identifiers in named if len(identifiers) == 1), "")


def _is_the_forwarders(file: Attachment, message: InboundMessage) -> bool:
    """What belongs to a sender's mail anyway, and pictures among his own words."""
    return file.is_personal or (file.inline and not file.elided and not message.nothing_new)
