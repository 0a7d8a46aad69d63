"""Canned answers in an act: one filled in for its ticket, and where in the agent's words it stands (PRODUCT 22, MAIL.md A7). Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from maild.canned.argument import Asked, write_asked
from maild.canned.notation import FIELD
from maild.canned.shelf import ANY_LANGUAGE, Canned, Filled, Shelf
from maild.config.settings import Settings
from maild.outbox.faces import shown_name
from maild.outbox.hygiene import display_name, one_line
from maild.paragraphs import paragraphs
from maild.ticket import TicketView

_LIKENESS = 0.6
MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why an answer cannot be filled in. `better`: what was probably meant in place of the command's argument, "" where nobody can tell."""

    text: str
    better: str = ""


def fill_in(asked: Asked, shelf: Shelf, ticket: TicketView, actor: str, settings: Settings) -> Filled | Unfit:
    """The answer in the language of the ticket's letters, with the values given and what the desk knows itself.

    A value that has no place in it is as wrong as one that is missing: it was meant for something.
    """
    answer = shelf.find(asked.name, settings.language_of(ticket.queue, ticket.language))
    if answer is None:
        return _not_there(asked, shelf, ticket, settings)
    known = {variable.name for variable in answer.variables}
    if strays := [name for name in asked.values if name not in known]:
        return _with_strays(answer, asked, strays, known)
    values = {**_own_values(ticket, actor, settings), **asked.values}
    if missing := answer.find_missing(values):
        given = " ".join(f"{name}=…" for name in missing)
        return Unfit(f'"{answer.name}" lacks {_and(missing)}; write #canned {answer.name} {given}')
    return answer.fill(values)


def part_around(body: str, places: Sequence[int]) -> tuple[str, ...]:
    """The words above each canned answer, and those below the last. `places`: how many written lines of the body stand above each."""
    parts: list[list[str]] = [[] for _ in range(len(places) + 1)]
    written = 0
    for line in body.split("\n"):
        written += bool(line.strip())
        parts[bisect_left(places, written)].append(line)
    return tuple("\n".join(lines).strip("\n").rstrip() for lines in parts)


def put_together(words: Sequence[str], html: Sequence[str], answers: Sequence[Filled]) -> Filled:
    """Words and answers in turn, as one. `html` says what each of the words does; where it is empty, they are plain text."""
    around = [Filled(text, markup or paragraphs(text, "auto")) for text, markup in zip(words, html, strict=True)]
    pieces = [piece for pair in zip(around, answers, strict=False) for piece in pair] + around[len(answers) :]
    written = [piece for piece in pieces if piece.text.strip()]
    return Filled("\n\n".join(piece.text.strip("\n") for piece in written), "\n".join(piece.html for piece in written))


def describe_usage(answer: Canned) -> str:
    """How the command is written: `#canned refund order=… [name=…]`. What the desk knows itself need not be given."""
    given = (variable for variable in answer.variables if "." not in variable.name)
    written = (f"{variable.name}=…" if variable.default is None else f"[{variable.name}=…]" for variable in given)
    return " ".join((f"#canned {answer.name}", *written))


def describe_languages(shelf: Shelf, name: str) -> str:
    """`bg, en, *`, where `*` is a text for all others; "" where that is all there is."""
    if shelf.languages(name) == (ANY_LANGUAGE,):
        return ""
    return ", ".join(language or "*" for language in sorted(shelf.languages(name), key=lambda language: (not language, language)))


def _not_there(asked: Asked, shelf: Shelf, ticket: TicketView, settings: Settings) -> Unfit:
    if languages := [language for language in shelf.languages(asked.name) if language != ANY_LANGUAGE]:
        wanted = " or ".join(settings.language_of(ticket.queue, ticket.language))
        why = f'the canned answer "{asked.name}" is not written in {wanted}, only in {_and(languages)}'
        return Unfit(f"{why}; write the answer in your own words, or have an admin add it in that language")
    near = _nearest(asked.name, shelf.names())
    if near:
        better = write_asked(near, asked.values.items())
        return Unfit(f'there is no canned answer "{asked.name}"; did you mean {near}?', better)
    return Unfit(f'there is no canned answer "{asked.name}"; {_name_them(shelf)}')


def _name_them(shelf: Shelf) -> str:
    """What to write instead, by mail and at the command line."""
    names = shelf.names()
    if not names:
        return "this desk has none; write the answer in your own words"
    more = "; #canned alone mails you all, and `maild template canned` lists them" if len(names) > MOST_NAMED else ""
    return f"one of: {', '.join(names[:MOST_NAMED])}{more}"


def _with_strays(answer: Canned, asked: Asked, strays: Sequence[str], known: Iterable[str]) -> Unfit:
    """Values under names that the text does not have. Each was probably meant for one that is still without a value."""
    free = [name for name in known if name not in asked.values]
    meant = {stray: _nearest(stray, free) for stray in strays}
    advice = "".join(f"; did you mean {near}?" for near in meant.values() if near) or f"; write {describe_usage(answer)}"
    better = ""
    if all(meant.values()):
        better = write_asked(answer.name, ((meant.get(name) or name, value) for name, value in asked.values.items()))
    return Unfit(f'"{answer.name}" has no place for {_and(strays)}{advice}', better)


def _own_values(ticket: TicketView, actor: str, settings: Settings) -> Mapping[str, str]:
    """What the desk knows by itself (`maild.canned.notation.OWN`)."""
    queue, agent = settings.queues.get(ticket.queue), settings.agents.get(actor)
    requester, author = display_name(ticket.requester.name), shown_name(agent, settings) if agent else ""
    return {
        "ticket.number": str(ticket.number or ""),
        "ticket.subject": one_line(ticket.subject),
        "requester.name": requester,
        "requester.first_name": _first_name(requester),
        "requester.address": ticket.requester.address,
        "queue.name": queue.name if queue else "",
        "queue.address": queue.address if queue else "",
        "desk.name": settings.desk.name,
        "author.name": author,
        "author.first_name": _first_name(author),
        **{f"{FIELD}{name}": one_line(value) for name, value in ticket.fields.items()},
    }


def _first_name(name: str) -> str:
    """`Ann` of `Ann Smith` and of `Smith, Ann`; an address in place of a name is none."""
    given = (name.partition(",")[2] or name).split()
    return given[0] if given and "@" not in given[0] else ""


def _nearest(word: str, known: Iterable[str]) -> str:
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=_LIKENESS)), "")


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
