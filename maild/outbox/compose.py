"""Composing: a Letter and its ticket → the bytes every attempt sends (MAIL.md O1–O9, L8, A8). Pure; nothing is stored or sent here.

Who may get a letter at all is decided before (`decide`, `guard`). The kind says how it is marked: an ANSWER is what a person wrote and
carries no sign of automation; every other kind is automatic and says so. An empty `Letter.subject` means that the customer's words may
not be repeated (O7): the template's own subject is used, and names he gave himself are left out. Where answers and bounces go is
`ways_back`'s.

Every template gets these values, beside `Letter.values`, which win over them:

    desk         name
    queue        key, name, address; opens: its next opening by its calendar, weekday ("mon"), date (2), month ("mar"), solar (date and
                 month, from 1, as Persians count them), day (with the year), time and zone; empty while it is open
    ticket       number, tag, subject, status, priority, owner (a name, or ""), team (or ""), tags (a list); number 0: about no ticket;
                 snoozed: until when it is, to agents, by the reader's clock, or ""
    requester    name, address, shown (both); the name is "" where it may not be repeated
    author       name: the agent who answers; in a notification who wrote the message (`Letter.quoted_from`, else the requester); or ""
    subject      the subject as given to the letter
    body         what a person wrote; body_html: the same in her own HTML, made safe, or ""
    quoted       the message it answers; quoted_from: who wrote that
    signature    the department's, or its name and the desk's
    attachments  names of the files that go along; left_out: of those too large to, for agents with the way to get them
    language, direction ("ltr" or "rtl"); words: the language's (`maild.templates.words`); in HTML also text: the rendered text
    reply_to     to agents: whom a reply goes to, shortened, and how many others; "" means it becomes an internal note
    unsent       to agents: whether it is refused, since the department's mode sends nothing to customers
    answer_by    to agents: the command that brings a letter whose answer goes to the customer, where that of this one does not, or ""
    copies       to agents: who gets a copy of an answer; writer: who wrote, where he is not the requester but one of those
    reference    to agents: the `maild-ref` line; actions: answer, close, take, wait, snooze, note as mailto links
    customer     to agents: who the requester is to the desk: since (a day, or ""), count, agent (who had the last ticket, or ""), tickets
                 (others of his: number, subject, queue, status); empty where that was not asked
    snoozed      to agents: until when a ticket was snoozed that is back, by the reader's clock
    personal     to agents, in letters about no ticket: the reader's personal address, or ""
    until, may_ask, device, works, changes, may_use_personal, may_add: of the letter of welcome, and of those that meet its answers
    asked, outcome, listed, commands, canned, absence, absent: what an agent has asked the desk itself, and the answer
    reached      to agents: who has an answer that was taken back; readers: the customers who have a note, since it was sent to them, too
    said         to agents: the whole conversation of a ticket they asked for: head, words; files: names and sizes of its files
    warnings, notes, history, tickets (lists), why, sender, count, match, limit (a size), held (subject, at, ticket: a mail
                 that is held): empty unless `Letter.values` has them; so is incoming (a mail's number), but in letters about no ticket
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.customer import Customer
from maild.effects import Letter
from maild.message import Attachment
from maild.outbox.clearing import clear_letter, clear_ticket
from maild.outbox.delivery import Composed
from maild.outbox.faces import write_sender
from maild.outbox.leaks import refuse_leaks
from maild.outbox.letter_draft import LetterDraft
from maild.outbox.letter_headers import references_of, write_headers
from maild.outbox.letter_values import letter_values
from maild.outbox.mime_parts import Part, alternative, attachment_part, mixed, picture_part, related, text_part
from maild.outbox.pictures import picture_id, place_pictures
from maild.outbox.subject import write_first_subject, write_new_subject, write_reply_subject
from maild.outbox.ways_back import write_envelopes
from maild.round_trip import RoundTrip
from maild.sizes import describe_size
from maild.tag import write_tag
from maild.templates.render import Rendered, Templates
from maild.ticket import TicketView
from maild.tokens import LetterKind, Tokens

NOTIFICATION_ATTACH_MAX = 5 * 1024 * 1024
MOST_CHARACTERS, MOST_LINES = 100_000, 2_000
"""So much of another person's text a letter shows: as HTML that stays well within what a template may give."""


class Composer:
    """Composes the letters of one desk."""

    def __init__(self, settings: Settings, tokens: Tokens, templates: Templates) -> None:
        self._settings = settings
        self._tokens = tokens
        self._templates = templates

    def with_tokens(self, tokens: Tokens) -> "Composer":
        """The same with other keys: the templates are those the desk was opened with."""
        return Composer(self._settings, tokens, self._templates)

    def with_settings(self, settings: Settings) -> "Composer":
        """The same by other settings of the same desk: with its keys, and the templates it was opened with."""
        return Composer(settings, self._tokens, self._templates)

    def compose(
        self,
        letter: Letter,
        ticket: TicketView | None,
        letter_number: int,
        now: datetime,
        files: Mapping[int, bytes],
        round_trip: RoundTrip | None = None,
        customer: Customer | None = None,
    ) -> Composed:
        """The letter as it goes out. `ticket` None: it is about no ticket. `files` holds attachments' bytes by `Attachment.part`;
        `round_trip` is what was seen of its queue's ways back, `customer` who the ticket's requester is, for agents.

        Raises:
            TemplateError: the letter's template does not exist, or fails on its values.
            LeakError: it goes to a customer and shows an agent's address or token.
        """
        draft = replace(self._draft(letter, ticket, letter_number, now, files, round_trip), customer=customer)
        words = self._templates.render(letter.template, letter.languages, letter_values(draft, self._settings, self._tokens))
        subject = self._subject(draft, words)
        if not draft.for_agents:
            number = ticket.number if ticket else None
            refuse_leaks(self._shown(draft, subject, words), draft.author_addresses, author=letter.author, ticket=number)
        headers = write_headers(draft, subject, words.language, self._settings, self._tokens)
        raw = f"{headers}MIME-Version: 1.0\r\n".encode("ascii") + _body(draft, words, self._settings.desk.domain).to_bytes()
        # O10. The id of a notification is its reader's token, and a department's mailbox has many readers.
        is_copied = draft.queue.copy_to_sent and not draft.for_agents
        return Composed(draft.message_id, subject, raw, write_envelopes(draft, self._settings, self._tokens), is_copied)

    def _draft(
        self,
        letter: Letter,
        ticket: TicketView | None,
        number: int,
        now: datetime,
        files: Mapping[int, bytes],
        round_trip: RoundTrip | None,
    ) -> LetterDraft:
        queue = self._settings.queues.get(letter.queue) or next(iter(self._settings.queues.values()))
        ticket_number = ticket.number if ticket else 0
        secret = self._author_addresses(letter)
        attached, left_out = _choose_files(letter, files, self._settings.desk.attach_max)
        shown = place_pictures(letter.body_html, attached, number, self._settings.desk.domain)
        return LetterDraft(
            letter=_without_excess(clear_letter(replace(letter, body_html=shown), secret)),
            ticket=ticket if ticket is None or letter.kind.is_for_agents else clear_ticket(ticket, secret),
            number=number,
            queue=queue,
            sender=write_sender(letter, ticket, queue, self._settings),
            now=now,
            message_id=self._tokens.mint_message_id(letter.kind, ticket_number, number, letter.agent),
            tag=write_tag(self._settings, self._tokens, ticket_number) if ticket else "",
            author_addresses=secret,
            attached=attached,
            left_out=left_out,
            round_trip=round_trip,
        )

    def _subject(self, draft: LetterDraft, words: Rendered) -> str:
        position = self._settings.desk.tag_position
        if draft.letter.subject:
            write = write_new_subject if draft.begins_conversation else write_reply_subject
            return write(draft.letter.subject, draft.tag, position, self._tokens)
        return write_first_subject(words.subject, draft.tag, position)

    def _author_addresses(self, letter: Letter) -> tuple[str, ...]:
        """The addresses of the answering agent that this letter must not show: not a department's, nor one it is sent to."""
        agent = self._settings.agents.get(letter.author or "")
        to = {person.key for person in (*letter.recipients, *letter.cc)}
        addresses = agent.addresses if agent else ()
        return tuple(own for own in addresses if own.casefold() not in to and not self._settings.is_own_address(own))

    def _shown(self, draft: LetterDraft, subject: str, words: Rendered) -> tuple[str, ...]:
        """Everything a reader of the letter could see, before it is encoded, but for the addresses it goes to, which are their own."""
        people = (person.name for person in (*draft.letter.recipients, *draft.letter.cc))
        files = (attachment.name for attachment, _ in draft.attached)
        headers = (value for _, value in draft.letter.thread_headers)
        ids = (*references_of(draft, self._tokens), draft.letter.in_reply_to or "")
        return (subject, words.text, words.html or "", str(draft.sender), *people, *files, *headers, *ids)


def _without_excess(letter: Letter) -> Letter:
    """Seen in practice: logs of many megabytes pasted into a mail. What an agent answers is never cut."""
    body = letter.body if letter.kind is LetterKind.ANSWER else _beginning(letter.body)
    quoted = _beginning(letter.quoted)
    if body == letter.body and quoted == letter.quoted:
        return letter
    return replace(letter, body=body, body_html=letter.body_html if body == letter.body else "", quoted=quoted)


def _beginning(text: str) -> str:
    """As much as a letter shows; a line of its own says where more follows."""
    shown = "".join(text[:MOST_CHARACTERS].splitlines(keepends=True)[:MOST_LINES])
    return text if len(shown) == len(text) else f"{shown.rstrip()}\n\n[…]"


def _choose_files(
    letter: Letter, files: Mapping[int, bytes], attach_max: int
) -> tuple[tuple[tuple[Attachment, bytes], ...], tuple[str, ...]]:
    """The files that go along, and the names of those that do not: together too large, or no longer to be had (MAIL.md O7, O8)."""
    for_agents = letter.kind.is_for_agents
    room = min(attach_max, NOTIFICATION_ATTACH_MAX) if for_agents and not letter.enclosed else attach_max
    attached, left_out = [], []
    for attachment in letter.attachments:
        content = files.get(attachment.part)
        if content is None or len(content) > room:
            left_out.append(_way_to(attachment) if for_agents else attachment.name)
        else:
            attached.append((attachment, content))
            room -= len(content)
    return tuple(attached), (*left_out, *letter.left_out)


def _way_to(attachment: Attachment) -> str:
    """How an agent gets a file that does not go along: `film.mp4 (30 MiB): #files film.mp4`."""
    return f"{attachment.name} ({describe_size(attachment.size)}): #files {attachment.name}"


def _body(draft: LetterDraft, words: Rendered, domain: str) -> Part:
    """MAIL.md O8. A file that the HTML shows, which is the template's to say, stands beside it; the others follow."""
    seed = str(draft.number)
    pictures, files = [], []
    for attachment, content in draft.attached:
        identifier = picture_id(attachment, draft.number, domain)
        if words.html and f'"cid:{identifier}"' in words.html:
            pictures.append(picture_part(attachment.name, attachment.content_type, content, identifier))
        else:
            files.append(attachment_part(attachment.name, attachment.content_type, content))
    forms = [text_part(words.text)]
    if words.html:
        forms.append(related(text_part(words.html, "html"), pictures, seed))
    return mixed([alternative(forms, seed), *files], seed)
