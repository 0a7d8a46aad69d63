"""The header of a letter, line by line (MAIL.md O1–O4, O7, L8). Folding and encoding are `folding`'s."""

from collections.abc import Iterator
from email.utils import format_datetime

from maild.config.settings import Settings
from maild.message import Address
from maild.outbox.folding import fold_addresses, fold_ids, fold_text
from maild.outbox.hygiene import one_line
from maild.outbox.letter_draft import LetterDraft
from maild.outbox.references import choose_references
from maild.outbox.ways_back import write_reply_to
from maild.tokens import LetterKind, Tokens

MAX_THREAD_HEADER = 900
_THREAD_HEADERS = ("thread-topic", "thread-index")


def write_headers(draft: LetterDraft, subject: str, language: str, settings: Settings, tokens: Tokens) -> str:
    """Every header line but those of MIME, in the order they stand on the wire."""
    reply_to = write_reply_to(draft, settings, tokens)
    lines = (
        fold_addresses("From", (draft.sender,)),
        fold_addresses("Reply-To", (reply_to,) if reply_to else ()),
        fold_addresses("To", _shown(draft, draft.letter.recipients)),
        fold_addresses("Cc", _shown(draft, draft.letter.cc)),
        *_conversation(draft),
        fold_text("Subject", subject),
        f"Date: {format_datetime(draft.now)}\r\n",
        fold_ids("Message-ID", (draft.message_id,)),
        *_thread(draft, tokens),
        *_marks(draft, settings, tokens),
        f"Content-Language: {language}\r\n",
    )
    return "".join(lines)


def references_of(draft: LetterDraft, tokens: Tokens) -> tuple[str, ...]:
    """The ids for References; for outsiders, by whom those of the customer's mail were not seen, the anchor alone."""
    thread = draft.letter.references or (draft.ticket.references if draft.ticket and not draft.for_outsiders else ())
    anchor = tokens.mint_anchor(draft.ticket.number) if draft.ticket else None
    return choose_references(anchor, thread, draft.letter.in_reply_to)


def _thread(draft: LetterDraft, tokens: Tokens) -> Iterator[str]:
    parent = draft.letter.in_reply_to
    yield fold_ids("In-Reply-To", (parent,) if parent else ())
    yield fold_ids("References", references_of(draft, tokens))


def _conversation(draft: LetterDraft) -> Iterator[str]:
    """Outlook's conversation headers, copied from the customer, before Subject (MAIL.md O3)."""
    for name, value in draft.letter.thread_headers if draft.may_repeat_words else ():
        if name.casefold() in _THREAD_HEADERS and len(value) <= MAX_THREAD_HEADER:
            yield fold_text(name.title(), value)


def _marks(draft: LetterDraft, settings: Settings, tokens: Tokens) -> Iterator[str]:
    if draft.is_automatic:
        keyword = "auto-replied" if draft.letter.kind is LetterKind.ACKNOWLEDGEMENT else "auto-generated"
        yield f"Auto-Submitted: {keyword}\r\nX-Auto-Response-Suppress: All\r\n"
        yield f"X-Maild-Loop: {tokens.mint_loop_header()}\r\n"
        if settings.desk.precedence != "off":
            yield f"Precedence: {settings.desk.precedence}\r\n"
    if not draft.for_agents:
        yield "X-MS-Reactions: disallow\r\n"
        return
    yield fold_text("List-Id", f"{_list_name(draft.queue.name)} <{draft.queue.key}.{settings.desk.domain}>".strip())
    yield fold_text("X-Maild-Queue", draft.queue.key)
    if draft.ticket:
        yield fold_text("X-Maild-Priority", draft.ticket.priority.value)


def _list_name(name: str) -> str:
    """The phrase of a List-Id (RFC 2919), without what would need quoting."""
    return one_line(name).translate(dict.fromkeys(map(ord, '<>",;:@()[]\\')))


def _shown(draft: LetterDraft, people: tuple[Address, ...]) -> tuple[Address, ...]:
    return people if draft.may_repeat_words else tuple(Address("", person.address) for person in people)
