"""Every letter, ordinary and at its worst, to look at: on a phone and on a desktop, light and dark.

`python -m tests.rig.pictures DIR` draws them all.
The same pages are measured in `tests/doors/test_letters_in_a_browser.py`.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from maild.templates.render import Templates, list_templates
from maild.templates.values import Html, sample_values
from maild.welcome import Change, Replies
from tests.rig.browser import Browser
from tests.rig.canned import an_answer
from tests.rig.letters import a_desk

DESK = a_desk()
LETTERS = list_templates(DESK)
LANGUAGES = tuple(sorted({letter.language for letter in LETTERS}))
PHONE, DESKTOP = 390, 1000
LONG = "w" * 300
WORST: Mapping[str, object] = {
    "reply_to": "Wilhelmina Alexandra von und zu Hoh…",
    "answer_by": "#show 1042",
    "snoozed": "2026-03-02 09:00",
    "why": f"line 1: there is no agent “{LONG}”",
    "body": f"""Hello,

https://globex.example/orders/{LONG}?session={LONG}

    for (int line = 0; line < 10; line++) {{ printf("a wide line of code that goes on and on"); }} // {LONG}
{" " * 90}indented

سلام، سفارش من هنوز نرسیده است (شمارهٔ 1042).

> You wrote:
> > {LONG}

Ann""",
    "quoted": f"> {LONG}\n\nسلام {LONG}",
    "quoted_from": f"{LONG}@globex.example",
    "signature": f"Support {LONG}\n+1 555 0100",
    "warnings": [f"ann@globex.example is not the requester ({number}). Your reply goes to Ann." for number in range(6)] + [LONG],
    "history": [f"2026-03-02 17:50 Ann Smith: Where is my order number {number}?" for number in range(30)] + [LONG],
    "attachments": [f"{LONG}.pdf", "عکس.png"],
    "left_out": [f"{LONG}.mp4", "film.mp4"],
    "requester": {"name": "علی رضایی", "address": f"{LONG}@globex.example", "shown": f"علی رضایی <{LONG}@globex.example>"},
    "sender": f"{LONG}@globex.example",
    "reached": f"{LONG}@globex.example, bob@globex.example",
    "tickets": [
        {"number": number, "subject": f"سفارش {LONG}", "back": True, "tasks": [f"2. سفارش {LONG}"]} for number in range(1042, 1054)
    ],
    "said": [{"head": f"2026-03-02 17:50 {LONG}:", "words": f"Where is it?\n\n> {LONG}\n\nسلام {LONG}"} for _ in range(20)],
    "asked": f"list {LONG}",
    "tasks": [f"2. سفارش {LONG} (Boris Petrov, 2026-03-06 09:00)"] * 10,
    "task": {
        "news": "given",
        "number": 2,
        "title": f"سفارش {LONG}",
        "agent": f"علی {LONG}",
        "due": "2026-03-06 09:00",
        "made_by": f"علی {LONG}",
        "by": f"علی {LONG}",
        "mine": False,
    },
    "todo": [
        {
            "number": 2,
            "title": f"سفارش {LONG}",
            "due": "2026-03-06 09:00",
            "late": True,
            "ticket": number,
            "subject": f"سفارش {LONG}",
            "link": "mailto:support@acme.example",
        }
        for number in range(1042, 1054)
    ],
    "may_add": True,
    "personal": f"support+anna.{LONG}@acme.example",
    "until": "Tue 12 May 2026 09:00 (Europe/Sofia)",
    "device": {
        "program": f"علی {LONG}",
        "address": f"{LONG}@globex.example",
        "agent": LONG,
        "proof": f"DMARC passed for {LONG}",
        "mechanism": LONG,
        "read": f"سلام {LONG}",
        "signature": f"Anna {LONG}",
        "commands": [f"#tag {LONG}", "#close"],
    },
    "works": [*(f"replies_{replies.value}" for replies in Replies), "commands_read", "fresh"],
    "changes": [change.value for change in Change],
    "listed": [
        {
            "number": number,
            "status": "open",
            "age": "3d",
            "owner": f"Anna {LONG}",
            "requester": f"علی {LONG}",
            "subject": f"سفارش {LONG}",
            "link": "mailto:support@acme.example",
        }
        for number in range(1042, 1054)
    ],
}
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
WRITTEN: Mapping[str, object] = {
    # In a letter it is the Content-ID of a part, which no browser looks up.
    "body_html": Html(
        f"""<div>Hello,</div>
<table width="900" border="1"><tr><td valign="top">سلام</td><td valign="top">{"a wide cell of a table " * 40}</td></tr></table>
<pre>{"a line of code " * 60}</pre><p>See <img src="{DOT}" width="2000" height="300" alt="a screenshot"> here.</p>
<blockquote>quoted</blockquote><ul><li>one</li><li>two</li></ul>"""
    )
}
_TEXT = """# Your refund

Dear **{{ name }}**, we have paid {{ order }} back. [Details](https://acme.example/refunds?order={{ order }})

سلام، سفارش {{ order }} پرداخت شد.

- to your account
- within *three* days
  1. one
  2. two

| day | amount |
|---|--:|
| Monday | 12.50 |

> as you asked

```
{{ long }}
```
"""
CANNED: Mapping[str, object] = {
    "body_html": Html(an_answer("refund", _TEXT).fill({"name": "علی <b>", "order": "A-12/4", "long": LONG}).html),
    "outcome": "canned",
    "canned": [
        {"usage": f"#canned refund-{LONG} order=… [name=…]", "languages": "de, en, fa", "begins": f"سلام {{{{ name }}}}, {LONG}"},
        {"usage": "#canned hours", "languages": "*", "begins": "We are open from nine to five."},
    ],
}
EMPTY: Mapping[str, object] = {
    **{name: "" for name in ("reply_to", "reference", "why", "body", "body_html", "quoted", "quoted_from", "subject", "personal")},
    **{
        name: ()
        for name in (
            "warnings",
            "copies",
            "notes",
            "history",
            "attachments",
            "left_out",
            "tickets",
            "listed",
            "commands",
            "canned",
            "said",
            "tasks",
            "todo",
        )
    },
    "requester": {"name": "", "address": "ann@globex.example", "shown": "ann@globex.example"},
    "unsent": True,
    "actions": {},
}
_TEMPLATES = Templates(DESK)


@dataclass(frozen=True, slots=True)
class Page:
    """A letter's HTML. `state`: ordinary, worst, with HTML of a person's or of canned answers, or empty of everything that may lack."""

    kind: str
    language: str
    state: str
    html: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.language}-{self.state}"


def pages(language: str) -> Iterator[Page]:
    """Every letter in a language, in each state."""
    for kind in sorted({letter.kind for letter in LETTERS}):
        ordinary = sample_values(kind)
        canned = (("canned", CANNED),) if kind in ("answer", "control") else ()
        for state, values in (("ordinary", {}), ("written", WRITTEN), ("worst", WORST), ("empty", EMPTY), *canned):
            rendered = _TEMPLATES.render(kind, (language,), {**ordinary, **values})
            # Many clients do not know how to fold the history away.
            yield Page(kind, language, state, (rendered.html or "").replace("<details>", "<details open>"))


def draw(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    browser = Browser.start()
    for language in LANGUAGES:
        for page in pages(language):
            for width in (PHONE, DESKTOP):
                for dark in (False, True):
                    browser.show(page.html, width=width, dark=dark)
                    (folder / f"{page}-{width}-{'dark' if dark else 'light'}.png").write_bytes(browser.picture())
    browser.stop()


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
