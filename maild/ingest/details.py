"""What stands behind the plus of the desk's own addresses in a message (MAIL.md F3a). Pure; what a detail proves is `maild.tokens`'s."""

from maild.config.settings import Settings
from maild.message import InboundMessage


def find_details(message: InboundMessage, settings: Settings) -> tuple[str, ...]:
    """Those in Delivered-To, X-Original-To and Envelope-To first, then those in To and Cc, each once."""
    addresses = (*message.recipients, *(address.address for address in (*message.to, *message.cc)))
    found = (settings.department_at(address) for address in addresses if "+" in address)
    return tuple(dict.fromkeys(own.detail for own in found if own and own.detail))
