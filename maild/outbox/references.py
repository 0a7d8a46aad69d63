"""In-Reply-To and References of a letter (MAIL.md O2): the anchor first, then the thread's last ids, the parent last."""

from collections.abc import Sequence

from maild.outbox.hygiene import clean_id

MAX_IDS = 10
MAX_BYTES = 900
_BRACKETS_AND_FOLD = 5


def choose_references(anchor: str | None, thread: Sequence[str], parent: str | None) -> tuple[str, ...]:
    """At most 10 ids and 900 bytes. The anchor and the parent stay; of the others, the newest."""
    last = [parent] if parent and clean_id(parent) else []
    others = [given for given in dict.fromkeys(thread) if clean_id(given) and given not in (anchor, parent)]
    first = [anchor] if anchor else []
    room = MAX_BYTES - sum(map(_cost, first + last))
    kept: list[str] = []
    for given in reversed(others):
        room -= _cost(given)
        if room < 0 or len(first) + len(last) + len(kept) == MAX_IDS:
            break
        kept.insert(0, given)
    return (*first, *kept, *last)


def _cost(message_id: str) -> int:
    return len(message_id) + _BRACKETS_AND_FOLD
