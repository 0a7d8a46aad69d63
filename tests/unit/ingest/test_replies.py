"""Every kind of writing, with every kind of signature, over every kind of quote: only the writing is new (MAIL.md P8, P9)."""

from collections.abc import Callable
from html import escape
from itertools import product

import pytest

from maild.ingest.html_text import html_lines
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply

WRITINGS = {
    "one word": "Yes.",
    "a letter": "Hi,\n\nthanks, it works now.\n\nBest regards,\nAnn Smith",
    "lists": "Hello,\n\n1. one\n2. two\n\n- a\n- b\n\nCheers 🎉",
    "code": "Try this:\n\n    if a > b:\n        print(1)\n\nOK?",
    "a link": "See http://x.example/On-Jan-5-2026-Ann-wrote: and tell me.\n\nRegards",
    "a rule": "Part one\n\n---\n\nPart two",
    "a table": "| a | b |\n| 1 | 2 |\n\nthat's it",
    "an error": "The error on 05.01.2026 at 10:00:\n\nAccess denied for user@host.example",
    "a citation": 'As you said on 5 January 2026: "turn it off".\n\nDone.',
    "Japanese": "ありがとうございます。\n\n解決しました。",
    "Persian": "سلام،\nمشکل حل شد.",
    "Greek": "Σας ευχαριστώ.\nΤο έστειλα στις 5/1/2026 10:00 στον Γιάννη.",
    "labels": "From: the office\nI called on 5.1.2026 but nobody wrote back to ann@x.example.\nTo: whom?",
    "words of signatures": "Sent the invoice on Monday.\nSubject to change.",
    "words of attributions": "Am 5. Januar 2026 habe ich Ihnen geschrieben.\nVon: meiner Seite ist alles klar.\nGesendet habe ich es am 6.",
    "words of markers": "The original message was lost.\nPlease send the forwarded message again.",
    "a long line": "word " * 300 + "end",
}
SIGNATURES = {
    "none": "",
    "separated": "\n\n-- \nAnn Smith\nGlobex\n+44 20 7946 0000",
    "loosely separated": "\n\n--\nAnn",
    "a telephone's": "\n\nSent from my iPhone",
    "Outlook's": "\n\nGet Outlook for iOS<https://aka.example/x>",
}
QUOTED = "Have you tried?\n\nto turn it off.\n\nRegards,\nSupport"
MARKED = "\n".join(f"> {line}".rstrip() for line in QUOTED.split("\n"))
BLOCK = "From: Support <s@x.example>\nSent: Monday, January 5, 2026 10:00 AM\nTo: Ann\nSubject: Re: x"
NOTICE = "This e-mail is confidential and intended solely for the addressee."
QUOTES = {
    "none": "",
    "Gmail": f"On Mon, Jan 5, 2026 at 10:00 AM Support <s@x.example> wrote:\n\n{MARKED}\n",
    "Thunderbird": f"Am 05.01.26 um 10:00 schrieb Support:\n{MARKED}\n",
    "Outlook": f"________________________________\n{BLOCK}\n\n{QUOTED}\n",
    "old Outlook": f"-----Original Message-----\n{BLOCK}\n\n{QUOTED}\n",
    "Yahoo": f"On Monday, January 5, 2026 at 10:00:00 AM GMT+1, Support <s@x.example> wrote: \n\n {QUOTED}\n",
    "marks alone": f"{MARKED}\n",
    "an iPhone": f"> On Jan 5, 2026, at 10:00, Support <s@x.example> wrote:\n> \n{MARKED}\n",
    "Apple Mail": f"Le 5 janv. 2026 à 10:00, Support <s@x.example> a écrit :\n\n{MARKED}\n",
    "a legal notice below": f"On Mon, Jan 5, 2026 at 10:00 AM Support <s@x.example> wrote:\n\n{MARKED}\n\n{NOTICE}\n",
}


@pytest.mark.parametrize("writing", WRITINGS)
def test_only_the_writing_is_new(writing: str) -> None:
    for signature, quote in product(SIGNATURES, QUOTES):
        text = f"{WRITINGS[writing]}{SIGNATURES[signature]}\n\n{QUOTES[quote]}"
        assert cut_reply(plain_lines(text)).visible.split() == WRITINGS[writing].split(), (signature, quote)


def paragraphs(text: str) -> str:
    return "".join(f"<p class=MsoNormal>{escape(line) or '&nbsp;'}</p>" for line in text.split("\n"))


def divs(text: str) -> str:
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


HEADER = "<br>".join(escape(line) for line in BLOCK.split("\n"))
WROTE = "On Jan 5, 2026, at 10:00, Support &lt;s@x.example&gt; wrote:"
BORDER = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
OLD = "Have you tried?<br><br>to turn it off."
PROGRAMS: dict[str, Callable[[str], str]] = {
    "Gmail": lambda text: (
        f'<div dir="ltr">{divs(text)}<div class="gmail_signature">Ann</div></div><br><div class="gmail_quote">'
        f'<div class="gmail_attr">{WROTE}<br></div><blockquote class="gmail_quote">{OLD}</blockquote></div>'
    ),
    "Outlook": lambda text: (
        f"<div class=WordSection1>{paragraphs(text)}<div><div style='{BORDER}'><p>{HEADER}</p></div></div><p>{OLD}</p></div>"
    ),
    "Outlook on the web": lambda text: (
        f'{divs(text)}<div id="Signature"><p>Ann</p></div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{HEADER}</div>{OLD}'
    ),
    "Outlook on a telephone": lambda text: (
        f'{divs(text)}<div id="ms-outlook-mobile-signature">Get <a href="https://aka.example/o">Outlook for iOS</a></div>'
        f'<div id="mail-editor-reference-message-container"><hr>{HEADER}<br>{OLD}</div>'
    ),
    "Apple Mail": lambda text: f'{divs(text)}<br><div><blockquote type="cite"><div>{WROTE}</div><br>{OLD}</blockquote></div>',
    "an iPhone": lambda text: (
        f'{divs(text)}<br><div dir="ltr">Sent from my iPhone</div><div><br><blockquote type="cite">{WROTE}</blockquote></div>'
        f'<blockquote type="cite">{OLD}</blockquote>'
    ),
    "Thunderbird": lambda text: (
        f'{paragraphs(text)}<div class="moz-cite-prefix">{WROTE}</div><blockquote type="cite">{OLD}</blockquote>'
        f'<div class="moz-signature">-- <br>Ann</div>'
    ),
    "Yahoo": lambda text: f'<div>{divs(text)}</div><div id="ydp2yahoo_quoted_123456" class="ydp2yahoo_quoted">{WROTE}<br>{OLD}</div>',
    "Proton": lambda text: (
        f'{divs(text)}<div class="protonmail_signature_block">Sent with Proton</div><div class="protonmail_quote">{WROTE}'
        f'<br><blockquote type="cite">{OLD}</blockquote></div>'
    ),
    "Zimbra": lambda text: f'{divs(text)}<hr id="zwchr" data-marker="__DIVIDER__"><div>{HEADER}</div><div>{OLD}</div>',
    "GMX": lambda text: f'<div>{divs(text)}<div name="quote">{HEADER}<div name="quoted-content">{OLD}</div></div></div>',
    "mail.ru": lambda text: (
        f"{divs(text)}<blockquote style='border-left:1px solid #0857A6'>Понедельник, 5 января 2026, 10:00 +03:00 от Support "
        f"&lt;s@x.example&gt;:<br><div class='js-readmsg-msg'>{OLD}</div></blockquote>"
    ),
    "Yandex": lambda text: (
        f'<div>{divs(text)}</div><div>05.01.2026, 10:00, "Support" &lt;s@x.example&gt;:</div><blockquote><p>{OLD}</p></blockquote>'
    ),
    "QQ": lambda text: (
        f"<div>{divs(text)}</div><div>------------------&nbsp;原始邮件&nbsp;------------------</div><div>{HEADER}</div>{OLD}"
    ),
    "Notes": lambda text: f"{divs(text)}<br><font>-----Support &lt;s@x.example&gt; wrote: -----</font><br><br>{HEADER}<br><br>{OLD}",
    "Zoho": lambda text: (
        f'<div>{divs(text)}</div><div id="Zm-_Id_-Sgn">Ann</div><div class="zmail_extra"><div>---- On Mon, 05 Jan 2026 wrote ----</div>'
        f"<blockquote>{OLD}</blockquote></div>"
    ),
    "Spark": lambda text: (
        f'<div name="messageBodySection">{divs(text)}</div><div name="messageSignatureSection">Ann</div>'
        f'<div name="messageReplySection">{WROTE}<br><blockquote type="cite">{OLD}</blockquote></div>'
    ),
    "Fastmail": lambda text: (
        f'{divs(text)}<div>On Mon, 5 Jan 2026, at 10:00 AM, Support wrote:<br></div><blockquote type="cite">{OLD}</blockquote>'
    ),
    "Roundcube": lambda text: (
        f'<div>{divs(text)}<p id="reply-intro">On 2026-01-05 10:00, Support wrote:</p><blockquote type="cite">{OLD}</blockquote></div>'
    ),
    "a legal notice below": lambda text: (
        f'<div>{divs(text)}</div><div class="gmail_quote"><div class="gmail_attr">{WROTE}</div><blockquote>{OLD}</blockquote></div>'
        f"<p>{NOTICE}</p>"
    ),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_only_the_writing_is_new_in_the_html_of_every_program(program: str) -> None:
    for writing, text in WRITINGS.items():
        assert cut_reply(html_lines(PROGRAMS[program](text))).visible.split() == text.split(), writing
