"""Question: what the walk asks the store about one message, as a plain value. Nothing here asks; the answer is `maild.known`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maild.background import Behind
from maild.desk.query import Query


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be looked up for what an agent asks the desk itself (MAIL.md A7): `listings` are queries by their words, `tickets`
    the numbers of those to be shown whole, `queues` the departments whose next ticket is asked for, each with what else that must meet,
    `files` the tickets whose files are; `files_here`: those of whatever ticket the mail is about; `tasks_of` the agent whose open tasks
    are asked for, "" for nobody's."""

    listings: Mapping[str, Query] = field(default_factory=dict)
    tickets: frozenset[int] = frozenset()
    queues: Mapping[str, Query] = field(default_factory=dict)
    files: frozenset[int] = frozenset()
    files_here: bool = False
    tasks_of: str = ""


NOTHING_WANTED = Wanted()


@dataclass(frozen=True, slots=True)
class Question:
    """What the walk asks the store about one message; built by `maild.ingest.thread`.

    `fingerprint` is the message's own (MAIL.md F1); `ids` are the foreign ids of In-Reply-To and References, `tickets` the numbers named by
    valid tokens, anchors, addresses, tags and an agent's commands, `letters` the letters of ours named by valid tokens and addresses,
    `own_letter` the one whose id the message itself has (MAIL.md F2). `sender` is the address whose history must be known, "" where there
    is none. `windows` are the scopes and lengths (in seconds) the limits ask about, as in `maild.known.Sent`: for these `addressees`, for
    the requesters of all tickets found, and for these `queues`. `departments` are those whose tickets count first where the same mail is on
    several. `agents` are the addresses of all who may be notified, or have mail sent on to, `bounced` the letter a report is about,
    `aliases` ids that may be other ids of our letters (O1a), `pictures` the hashes of small pictures that may be a signature's (P11).
    `tags` are words that would be tags if such tags exist. `notes_beside` is the agent whose colleagues' notes and answers are wanted, ""
    where none are (A6, A8, A11), `answers_of` the one whose own last mails are (P9). `undoes`: what was done last to the tickets found is
    wanted, so that it can be undone; `splits`: what customers have written on them is. `waits`: answers that wait to be sent are wanted;
    on a desk that holds none back nobody asks. `wanted` is what he asks beside. `welcomed` is the agent whose letter of welcome this may
    answer, "" where it is no such answer (PRODUCT 34c).
    `named` are addresses in an agent's commands: what is known of who has them is wanted. `quoted`: the letter between whose lines he may
    have written: what it says is wanted. `resting`: there are rules that rest where they have fired. `behind`: only what rules want to know
    beside is asked, once the ticket is known.
    """

    message_id: str
    fingerprint: str = ""
    ids: tuple[str, ...] = ()
    tickets: frozenset[int] = frozenset()
    letters: frozenset[int] = frozenset()
    own_letter: int | None = None
    sender: str = ""
    aliases: tuple[str, ...] = ()
    addressees: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    bounced: int | None = None
    queues: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    windows: tuple[tuple[str, int], ...] = ()
    tags: frozenset[str] = frozenset()
    pictures: frozenset[str] = frozenset()
    notes_beside: str = ""
    answers_of: str = ""
    wanted: Wanted = NOTHING_WANTED
    undoes: bool = False
    welcomed: str = ""
    waits: bool = False
    named: frozenset[str] = frozenset()
    quoted: int | None = None
    resting: bool = False
    splits: bool = False
    behind: Behind | None = None
