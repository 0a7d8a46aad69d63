"""The ways back: the address answers go to, the one bounces go to, and an agent's personal one (MAIL.md O4, O5, L8, A3). Pure.

Plus addresses stand in letters only where the department's were seen to work (`maild.round_trip`), or where the desk insists (`desk.plus`).
Even then the envelope sender, over which a relay may refuse the letter, has one only where that was seen to go through.
"""

from maild import plus
from maild.config.settings import Queue, Settings
from maild.message import Address
from maild.outbox.delivery import Envelope
from maild.outbox.letter_draft import LetterDraft
from maild.reason import Reason
from maild.round_trip import RoundTrip
from maild.tokens import LetterKind, Tokens


def write_reply_to(draft: LetterDraft, settings: Settings, tokens: Tokens) -> Address | None:
    """The address of answers where it is another than From's; None where the ticket, or whose answer it would be, cannot be told."""
    detail = _reply_detail(draft, tokens)
    address = plus.with_detail(draft.queue.address, detail) if detail and uses_plus(_round_trip(draft), settings) else None
    return Address(draft.sender.name, address) if address else None


def write_envelopes(draft: LetterDraft, settings: Settings, tokens: Tokens) -> tuple[Envelope, ...]:
    """One for each addressee. All have an id of their own, which a relay that knows RFC 3461 puts into its reports."""
    ids = ((person, tokens.mint_bounce(draft.number, position)) for position, person in enumerate(draft.letter.addressees, 1))
    return tuple(Envelope(person, _envelope_sender(draft, identifier, settings), identifier) for person, identifier in ids)


def write_personal_address(draft: LetterDraft, settings: Settings, tokens: Tokens) -> str:
    """MAIL.md A3: where the reader of a letter to an agent asks the desk itself, for him alone to know; "" where there is none."""
    detail = tokens.mint_personal(draft.letter.agent) if draft.for_agents and draft.letter.agent else None
    address = plus.with_detail(draft.queue.address, detail) if detail and uses_plus(_round_trip(draft), settings) else None
    return address or ""


def uses_plus(trip: RoundTrip | None, settings: Settings) -> bool:
    match settings.desk.plus:
        case "on":
            return True
        case "off":
            return False
        case "auto":
            return trip is not None and trip.plus


def unthreadable(queue: Queue, trip: RoundTrip, settings: Settings) -> Reason | None:
    """MAIL.md O1a: why answers may not find their ticket where the relay replaces our Message-IDs; None if they do."""
    if not trip.is_of(queue.address) or trip.keeps_ids or has_checked_tag(settings) or uses_plus(trip, settings):
        return None
    text = (
        f"the relay of {queue.address} replaces Message-IDs, so without plus addresses and a checked tag answers do not find their ticket"
    )
    return Reason("unthreadable", text)


def has_checked_tag(settings: Settings) -> bool:
    """Whether every letter has a tag that lets anybody in who answers it (MAIL.md F3c)."""
    return settings.trust.tag_check and settings.desk.tag_position != "off"


def _reply_detail(draft: LetterDraft, tokens: Tokens) -> str | None:
    ticket = draft.ticket.number if draft.ticket else 0
    if draft.for_agents:
        return _agents_detail(draft, draft.letter.agent, ticket, tokens) if draft.letter.agent else None
    return tokens.mint_reply(ticket) if draft.ticket else None


def _agents_detail(draft: LetterDraft, agent: str, ticket: int, tokens: Tokens) -> str:
    if draft.letter.kind is LetterKind.WELCOME:
        return tokens.mint_welcome(draft.number, agent)
    return tokens.mint_answer(ticket, draft.number, agent)


def _round_trip(draft: LetterDraft) -> RoundTrip | None:
    """What was seen of the department's address as it is now."""
    trip = draft.round_trip
    return trip if trip and trip.is_of(draft.queue.address) else None


def _envelope_sender(draft: LetterDraft, detail: str, settings: Settings) -> str:
    """L8: the null path for acknowledgements. Else a bounce address for each recipient, else the department's address."""
    trip = _round_trip(draft)
    if trip and trip.null_sender and draft.letter.kind is LetterKind.ACKNOWLEDGEMENT:
        return ""
    if trip and trip.envelope and uses_plus(trip, settings):
        return plus.with_detail(draft.queue.address, detail) or draft.queue.address
    return draft.queue.address
