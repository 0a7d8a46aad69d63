"""How mail programs answer: what each puts into Subject, In-Reply-To and References, and what its own ids look like.

Taken from mail as it is seen in practice; where a program does it in several ways, the one that is harder to thread.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.header import Header

from tests.rig.mails import CRLF

Fields = list[tuple[str, str]]
LONG_ID = "AS8PR04MB8263C3B6D0E1F2A3B4C5D6E7F80{number}@AS8PR04MB8263.eurprd04.prod.outlook.example"
DAILY = 10


@dataclass(frozen=True, slots=True)
class Parent:
    """The mail that is answered, as the answering program has it; ids without angle brackets. `reply_to` is "" where From is meant."""

    message_id: str
    references: tuple[str, ...]
    subject: str
    text: str = ""
    reply_to: str = ""

    @property
    def chain(self) -> tuple[str, ...]:
        """RFC 5322 section 3.6.4: what an answer's References are."""
        return (*self.references, self.message_id)


Answer = Callable[[Parent], Fields]


@dataclass(frozen=True, slots=True)
class Program:
    """`identifier` is the form of its own ids; `number` and `domain` are filled in. `share`: how often it is met, beside the others."""

    answer: Answer
    identifier: str = "{number}@{domain}"
    share: int = 1


def _bracketed(ids: Iterable[str]) -> list[str]:
    return [f"<{identifier}>" for identifier in ids]


def _prefixed(prefix: str, subject: str) -> tuple[str, str]:
    return "Subject", subject if subject.startswith(prefix) else f"{prefix} {subject}"


def _answer(prefix: str = "Re:", *, fold: str = " ", keep: slice = slice(None), more: Fields = []) -> Answer:
    """What most programs do; `keep` is the part of the chain that they keep, `fold` what stands between two ids."""

    def answer(parent: Parent) -> Fields:
        ids = fold.join(_bracketed(parent.chain[keep]))
        return [_prefixed(prefix, parent.subject), ("In-Reply-To", f"<{parent.message_id}>"), ("References", ids), *more]

    return answer


def _by_parent(form: str, prefix: str = "Re:") -> Answer:
    """In-Reply-To alone, in this form."""
    return lambda parent: [_prefixed(prefix, parent.subject), ("In-Reply-To", form.format(id=parent.message_id))]


def _by_chain(separator: str, form: str = "<{id}>") -> Answer:
    """References alone."""
    return lambda parent: [
        _prefixed("Re:", parent.subject),
        ("References", separator.join(form.format(id=identifier) for identifier in parent.chain)),
    ]


def _by_subject(prefix: str, *more: tuple[str, str]) -> Answer:
    """Nothing but the subject."""
    return lambda parent: [_prefixed(prefix, parent.subject), *more]


def _encoding(parent: Parent) -> Fields:
    """Seen in practice: Python's `email` encodes ids that are longer than a line."""
    fields = _answer()(parent)
    return [(name, value if name == "Subject" else Header(value, "utf-8").encode(linesep=CRLF)) for name, value in fields]


def _folding_within(parent: Parent) -> Fields:
    """Seen in practice: gateways that fold at any column."""
    folded = [f"<{identifier[:20]}{CRLF} {identifier[20:]}>" for identifier in parent.chain]
    return [_prefixed("Re:", parent.subject), ("In-Reply-To", folded[-1]), ("References", CRLF.join([folded[0], *folded[1:]]))]


def _folding_the_subject(parent: Parent) -> Fields:
    """Seen in practice: encoded words that end in the middle of the tag."""
    head, tail = parent.subject[:14], parent.subject[14:]
    words = [f"=?utf-8?B?{b64encode(piece.encode()).decode()}?=" for piece in (f"Re: {head}", f"{tail} – ü")]
    return [("Subject", f"{CRLF} ".join(words))]


_THREAD_INDEX = ("Thread-Index", "AdyZ1x0Zb2VrZGZqa2xzamRmbGtqAAAAAQ==")

PROGRAMS = {
    "Gmail": Program(_answer(), "CAK7x{number}Zq=wYb5+d8E_1@mail.gmail.example", DAILY),
    "Gmail on a telephone": Program(_answer(fold=f"{CRLF} "), "CAK7y{number}Zq=wYb5+d8E_1@mail.gmail.example", DAILY),
    "Outlook": Program(_answer("RE:", more=[("Thread-Topic", "x"), _THREAD_INDEX]), LONG_ID, DAILY),
    "German Outlook": Program(_answer("AW:", more=[_THREAD_INDEX]), LONG_ID),
    "Outlook on the web": Program(_answer(fold=f"{CRLF}\t", more=[("Thread-Topic", "x"), _THREAD_INDEX]), LONG_ID, DAILY),
    "Outlook on a telephone": Program(_answer(keep=slice(-1, None), more=[_THREAD_INDEX]), LONG_ID, DAILY),
    "Apple Mail": Program(_answer(fold=f"{CRLF} "), "0A1B2C3D-{number}-4E5F-8A9B-0C1D2E3F4A5B@{domain}", DAILY),
    "an iPhone": Program(_answer(), "06C90B12-{number}-4C5F-A9EF-4A809D94C078@{domain}", DAILY),
    "Thunderbird": Program(_answer(), "b1c2d3e4-{number}-9a8b-7c6d-5e4f3a2b1c0d@{domain}", DAILY),
    "mutt": Program(_answer(keep=slice(-10, None)), "20261120100211.GA{number}@{domain}"),
    "Yahoo": Program(_answer(fold="  "), "{number}.1234567.1700000000000@mail.yahoo.example", DAILY),
    "Lotus Notes": Program(_answer("Antwort:", keep=slice(-1, None)), "OF{number}.5A3B-ONC1257D9A.0036-C1257D9A.0037@{domain}"),
    "GroupWise": Program(_by_parent("<{id}>", "Antw:"), "5E5F{number}0200001@gwia.{domain}"),
    "GroupWise of 2003": Program(_by_subject("Antw:"), "s{number}.001@gwia.{domain}"),
    "GMX": Program(_answer("Aw:", keep=slice(-2, None)), "trinity-{number}-1700000000000@3c-app-gmx.example"),
    "QQ Mail": Program(_answer("回复："), "tencent_{number}5A6B7C8D9E0F@qq.example"),
    "Eudora": Program(_by_parent("<{id}>"), "6.2.1.2.{number}.20261120@{domain}"),
    "Pine": Program(_by_parent("<{id}>"), "Pine.LNX.4.64.{number}@{domain}"),
    "MH": Program(_by_parent('Your message of "Fri, 20 Nov 2026 10:02:11 +0000." <{id}>'), "{number}.1700000000@{domain}"),
    "Gnus": Program(_by_parent('<{id}> (Support\'s message of "Fri, 20 Nov 2026 <10:02>")'), "87{number}.fsf@{domain}"),
    "a program that quotes ids": Program(_by_parent('"<{id}>"')),
    "a program that leaves the brackets out": Program(_by_parent("{id}")),
    "a program with References alone": Program(_by_chain(" ")),
    "a program that separates by commas": Program(_by_chain(",")),
    "a program that comments on ids": Program(_by_chain(f"{CRLF} ", "<{id}> (sic)")),
    "a program that cuts References in front": Program(_answer(keep=slice(-3, None))),
    "a program that cuts References behind": Program(_answer(keep=slice(0, 2))),
    "a program that encodes ids": Program(_encoding),
    "a gateway that folds anywhere": Program(_folding_within),
    "a telephone that drops References": Program(_by_parent("<{id}>")),
    "a telephone that drops everything": Program(_by_subject("Re:")),
    "a telephone with Thread-Index alone": Program(_by_subject("RE:", _THREAD_INDEX)),
    "a program that encodes subjects": Program(_folding_the_subject),
}
