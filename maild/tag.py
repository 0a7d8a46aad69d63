"""A ticket's tag as the desk writes it (MAIL.md F5, O3)."""

from maild.config.settings import Settings
from maild.tokens import Tokens


def write_tag(settings: Settings, tokens: Tokens, ticket: int) -> str:
    """`[Acme #1042-7QKD]`; without its check characters where the desk has switched them off (MAIL.md F5)."""
    return tokens.mint_tag(ticket) if settings.trust.tag_check else f"[{tokens.prefix} #{ticket}]"
