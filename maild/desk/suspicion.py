"""Loops and guesses: what is remembered of each mail, and when a sender's mails together are too much (MAIL.md L1, L5, S6). Pure.

What follows is decided elsewhere: a guesser's weak evidence is not followed (`ingest.thread`), an echo is added quietly (`decide`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from maild.effects import Mute
from maild.ingest.address_kinds import is_freemail
from maild.ingest.sender import Sender
from maild.ingest.thread import Strength, Thread
from maild.known import Conduct, History, guess_key, pair_key
from maild.known_letter import KnownLetter
from maild.message import REPORTS, AuthResult, InboundMessage, Nature
from maild.reason import Reason
from maild.tokens import LetterKind, SubjectTag, Tokens

PROMPT = timedelta(seconds=120)
SERVERS_TICK = timedelta(seconds=1)
"""IMAP tells to the second when a mail came: what came within the second of our letter seems to be before it."""
ECHOES = 3
GUESSES = 10
GUESSES_OF_A_DOMAIN = 50
MUTED_FOR = timedelta(hours=24)


def observe(
    message: InboundMessage, sender: Sender, history: History, tokens: Tokens, received: datetime, details: Iterable[str] = ()
) -> Conduct:
    """What this mail adds to what is known of its sender. `details` stand behind the plus of our addresses in it."""
    wrong = 0 if _is_another(sender) else tokens.count_wrong((*message.in_reply_to, *message.references), message.subject, details)
    last = history.last_automatic
    is_prompt = last is not None and -SERVERS_TICK < received - last <= PROMPT
    return Conduct(wrong, is_prompt, _content_hash(message))


def _content_hash(message: InboundMessage) -> str:
    """What tells one mail's content from another's (L5): its words and its files; "" without either, which is like nothing.

    Messages among the files do not count: a machine returns ours, each time another one.
    """
    files = (file.sha256 for file in message.attachments if not file.elided and not file.content_type.startswith("message/"))
    content = "\n".join((" ".join(message.new_text.split()), *sorted(files))).strip()
    return sha256(content.encode()).hexdigest() if content else ""


def with_turn(conduct: Conduct, nature: Nature, thread: Thread, history: History) -> Conduct:
    """L5: automatic mail of ours is answered once, whoever sends three lines behind it; and a report answers nothing."""
    ticket = thread.ticket.number if thread.ticket else None
    turns = (mail.settled for mail in history.recent if mail.ticket == ticket and mail.conduct.is_prompt)
    sent, last = history.last_automatic, max(turns, default=None)
    is_first = sent is not None and (last is None or sent >= last)
    return replace(conduct, is_prompt=conduct.is_prompt and is_first and nature.message_class not in REPORTS)


def with_tried_number(conduct: Conduct, sender: Sender, thread: Thread, tags: Sequence[SubjectTag]) -> Conduct:
    """S6: whoever counts numbers guesses, too: a tag without check characters, alone, that opened nothing to him. `tags` are the subject's;
    wrong check characters are counted already."""
    is_alone = all(item.strength is Strength.WEAK for item in thread.evidence)
    tried = is_alone and any(item.grade == "f" for item in thread.evidence) and not any(tag.guessed for tag in tags[-1:])
    is_refused = thread.ticket is None and {reason.code for reason in thread.refused} <= {"no-such-ticket", "not-a-participant"}
    if not tried or not is_refused or _is_another(sender):
        return conduct
    return replace(conduct, wrong_tokens=conduct.wrong_tokens + 1)


def _is_another(sender: Sender) -> bool:
    """Whatever fails authentication, or came through a machine, says nothing of the address it names; its weak evidence does not count
    anyway (S3, P14)."""
    return sender.authentication.verdict is AuthResult.FAIL or sender.carrier is not None


def find_distrust(sender: Sender, conduct: Conduct, history: History) -> Reason | None:
    """S6: why nothing weaker than a valid token of this sender is believed at the moment; None if all is."""
    if sender.address is None:
        return None
    for who, count, limit in _guessers(sender, conduct, history):
        if guess_key(who) in history.muted:
            return Reason("guessing", f"{who} has guessed at our tags and tokens too often")
        if count >= limit:
            return Reason("guessing", f"{who} guessed {count} tags or tokens wrong within an hour")
    return None


def find_end_of_mute(ticket: int, sender: Sender, answered: Iterable[KnownLetter], history: History) -> Reason | None:
    """L5: why a muted sender is heard again: he answers what a colleague has written since then, and no machine's mail. None where he is
    not muted, or does not. `answered` are the letters of ours that the mail names.
    """
    until = history.muted.get(pair_key(ticket, sender.address.key)) if sender.address else None
    if until is None or sender.address is None:
        return None
    if any(letter.kind is LetterKind.ANSWER and letter.ticket == ticket and letter.created > until - MUTED_FOR for letter in answered):
        return Reason("heard", f"mail of {sender.address.address} on this ticket is told of again: it answers a colleague's letter")
    return None


def find_echo(ticket: int, sender: Sender, conduct: Conduct, history: History, *, is_heard: bool = False) -> Reason | None:
    """L5: why this mail looks like a machine's answer to ours; None if it does not. `is_heard`: it answers a person, so that only its
    content can tell.
    """
    address = sender.address
    if address is None or sender.agent is not None:
        return None
    if not is_heard and pair_key(ticket, address.key) in history.muted:
        return Reason("muted", f"mail of {address.address} on this ticket is added quietly for a day after a suspected loop")
    here = [mail.conduct for mail in history.recent if mail.ticket == ticket] + [conduct]
    if not is_heard and conduct.is_prompt and sum(mail.is_prompt for mail in here) >= ECHOES:
        return Reason("loop", f"{ECHOES} mails of {address.address} came within {PROMPT.seconds} seconds of automatic mail of ours")
    if conduct.text_hash and sum(mail.text_hash == conduct.text_hash for mail in here) >= ECHOES:
        return Reason("loop", f"{ECHOES} mails of {address.address} with the same content came within an hour")
    return None


def is_new_suspicion(echo: Reason) -> bool:
    """Whether the echo was noticed with this mail; later ones of the day are muted already."""
    return echo.code == "loop"


def mute_pair(ticket: int, sender: Sender, echo: Reason, now: datetime) -> Iterator[Mute]:
    if sender.address and is_new_suspicion(echo):
        yield Mute(pair_key(ticket, sender.address.key), now + MUTED_FOR, echo.text)


def mute_guessers(sender: Sender, conduct: Conduct, history: History, now: datetime) -> Iterator[Mute]:
    """S6: from now on and for a day."""
    for who, count, limit in _guessers(sender, conduct, history):
        if conduct.wrong_tokens and count >= limit and guess_key(who) not in history.muted:
            yield Mute(guess_key(who), now + MUTED_FOR, f"{count} tags or tokens guessed wrong within an hour")


def _guessers(sender: Sender, conduct: Conduct, history: History) -> Iterator[tuple[str, int, int]]:
    """(who, how many guesses within the hour, how many are too many): the address, and its domain where it stands for its people."""
    if sender.address is None:
        return
    own = sum(mail.conduct.wrong_tokens for mail in history.recent) + conduct.wrong_tokens
    yield sender.address.key, own, GUESSES
    if not is_freemail(sender.address.domain):
        yield sender.address.domain, history.domain_guesses + conduct.wrong_tokens, GUESSES_OF_A_DOMAIN
