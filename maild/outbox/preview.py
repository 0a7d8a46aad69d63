"""Previews: a kind of letter as it would look, with made-up values. Its subject is written as `compose` writes it (MAIL.md O3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from maild.config.settings import Settings
from maild.outbox.subject import write_first_subject, write_reply_to
from maild.templates.render import Rendered, preview
from maild.templates.values import ABOUT_NO_TICKET, SAMPLE_NUMBER, SAMPLE_SUBJECT, Handed

_CHECK_CHARACTERS = "7QKD"


@dataclass(frozen=True, slots=True)
class Preview:
    """`own_subject` is what the letter is called where the customer's subject may not be repeated, or he gave none (O7); None where
    `subject` is that already, because no ticket is concerned.
    """

    subject: str
    own_subject: str | None
    words: Rendered


def preview_letter(settings: Settings, kind: str, language: str, handed: Iterable[Handed] = ()) -> Preview:
    """`handed`: what rules give letters of this kind. Raises TemplateError where there is no such kind, or it fails."""
    tag, position = _made_up_tag(settings), settings.desk.tag_position
    words = preview(settings, kind, language, handed, tag=tag)
    if kind in ABOUT_NO_TICKET:
        return Preview(write_first_subject(words.subject, "", position), None, words)
    return Preview(write_reply_to(SAMPLE_SUBJECT, tag, position), write_first_subject(words.subject, tag, position), words)


def _made_up_tag(settings: Settings) -> str:
    """Like a tag of this desk; its check characters are those of no key."""
    check = f"-{_CHECK_CHARACTERS}" if settings.trust.tag_check else ""
    return f"[{settings.desk.tag} #{SAMPLE_NUMBER}{check}]"
