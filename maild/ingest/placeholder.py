"""What stands where a mail has no text that could be shown (MAIL.md P7, P12). Pure; for agents, so in one language."""

from maild.message import InboundMessage, Wrapping

_REASONS = {
    Wrapping.PGP_ENCRYPTED: "(encrypted with OpenPGP: only its recipient's key opens it)",
    Wrapping.SMIME_ENCRYPTED: "(encrypted with S/MIME: only its recipient's key opens it)",
    Wrapping.SMIME_SIGNED: "(signed with S/MIME: a mail program opens the attachment)",
    Wrapping.PARTIAL: "(one piece of a mail that was sent in several)",
    Wrapping.TNEF: "(in Outlook's own format: see the attachment)",
}
NO_TEXT = "(no text)"


def placeholder(message: InboundMessage) -> str:
    """Why there is no text, the event of an invitation, and the names of the attachments; "" where there is something to read."""
    if message.uncut_text.strip():
        return ""
    reason = next((_REASONS[wrapping] for wrapping in message.wrappings if wrapping in _REASONS), NO_TEXT)
    names = ", ".join(attachment.name for attachment in message.attachments)
    return "\n".join(filter(None, (message.invitation or reason, f"Attachments: {names}" if names else "")))
