"""What mail programs make of an answer's body: where the words stand, how the answered mail is quoted, what the program adds itself.

The counterpart of `mail_programs`, which has what they put into the header.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from html import escape
from textwrap import wrap

from tests.rig.mails import CRLF


class Place(Enum):
    """Where somebody writes."""

    TOP = "above"
    BOTTOM = "below"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Quoted:
    """The mail that is answered; `html` is what stands in its body."""

    sender: str
    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Writing:
    """An answer as its writer means it. `below` is the line of the quoted mail that words between stand under."""

    words: str
    signature: tuple[str, ...]
    place: Place
    below: str = ""


Form = Callable[[Writing, Quoted], str]


@dataclass(frozen=True, slots=True)
class Program:
    """`plain` and `html` make the two forms of a body; None where the program does not send it. A program that quotes `marked` can be
    written in anywhere."""

    plain: Form | None
    html: Form | None
    marked: bool = True


# In plain text


def _marked(introduction: Callable[[Quoted], str], signed: str, *, marks_introduction: bool = False) -> Form:
    """Quoted with `>`; `signed` is the line above the signature."""

    def form(writing: Writing, quoted: Quoted) -> str:
        lines = ["", *introduction(quoted).split("\n"), ""] if not marks_introduction else []
        marked = [*introduction(quoted).split("\n"), ""] if marks_introduction else []
        quote = [f"> {line}".rstrip() for line in [*marked, *quoted.text.split("\n")]]
        signature = ["", signed, *writing.signature] if writing.signature else []
        words = writing.words.split("\n")
        if writing.place is Place.TOP:
            return "\n".join([*words, *signature, *lines, *quote])
        if writing.place is Place.BOTTOM:
            return "\n".join([*lines[1:], *quote, "", *words, *signature])
        at = next(number for number, line in enumerate(quote, 1) if line.endswith(writing.below))
        return "\n".join([*lines[1:], *quote[:at], "", *words, "", *quote[at:], *signature])

    return form


def _on_wrote(quoted: Quoted) -> str:
    return f"On Fri, Nov 20, 2026 at 10:02 AM {quoted.sender} wrote:"


def _on_wrote_in_two_lines(quoted: Quoted) -> str:
    return f"On Fri, Nov 20, 2026 at 10:02\u202fAM {quoted.sender}\nwrote:"


def _iphone_wrote(quoted: Quoted) -> str:
    return f"On 20 Nov 2026, at 10:02, {quoted.sender} wrote:"


def _mutt_wrote(quoted: Quoted) -> str:
    return f"On Fri, Nov 20, 2026 at 10:02:11AM +0000, {quoted.sender.partition(' <')[0]} wrote:"


def _thunderbird_wrote(quoted: Quoted) -> str:
    return f"On 20/11/2026 10:02, {quoted.sender.partition(' <')[0]} wrote:"


def _outlook_plain(writing: Writing, quoted: Quoted) -> str:
    """Words above, a block of header lines, and no mark before what is quoted."""
    block = f"From: {quoted.sender}\nSent: Friday, November 20, 2026 10:02 AM\nTo: {quoted.to}\nSubject: {quoted.subject}"
    return "\n".join([writing.words, "", *writing.signature, "", "_" * 32, block, "", quoted.text])


# In HTML


def _divs(lines: Iterable[str]) -> str:
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in lines)


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(f"<p class=MsoNormal>{escape(line) or '&nbsp;'}<o:p></o:p></p>" for line in lines)


def _cited(introduction: Callable[[Quoted], str], around: str, quote: str, signature: str) -> Form:
    """Words in <div>; `around` holds introduction and quotation, `quote` opens the latter, `signature` holds the signature."""

    def form(writing: Writing, quoted: Quoted) -> str:
        signed = signature.format("<br>".join(map(escape, writing.signature))) if writing.signature else ""
        words = _divs(writing.words.split("\n"))
        introduced = escape(introduction(quoted)).replace("\n", "<br>")
        if writing.place is not Place.BETWEEN:
            cited = around.format(introduced, f"{quote}{quoted.html}</blockquote>")
            return f"{words}{signed}{cited}" if writing.place is Place.TOP else f"{cited}{words}{signed}"
        above, line, below = quoted.html.partition(escape(writing.below))
        pieces = f"{quote}{above}{line}</blockquote><div><br></div>{words}<div><br></div>{quote}{below}</blockquote>"
        return f"{around.format(introduced, pieces)}{signed}"

    return form


def _outlook(writing: Writing, quoted: Quoted) -> str:
    border = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
    words = _paragraphs([*writing.words.split("\n"), "", *writing.signature])
    head = f"<div style='{border}'><p class=MsoNormal>{_header_block(quoted)}</p></div>"
    return f"<div class=WordSection1>{words}<div>{head}</div>{as_word_reads(quoted.html)}</div>"


def _outlook_on_a_telephone(writing: Writing, quoted: Quoted) -> str:
    advertisement = '<div id="ms-outlook-mobile-signature">Get <a href="https://aka.example/o0ukef">Outlook for iOS</a></div>'
    rule = '<hr style="display:inline-block;width:98%" tabindex="-1">'
    head = f'<div id="divRplyFwdMsg" dir="ltr">{_header_block(quoted)}</div>'
    words = _divs(writing.words.split("\n"))
    return (
        f'{words}<div><br></div>{advertisement}<div id="mail-editor-reference-message-container">{rule}{head}<div>{quoted.html}</div></div>'
    )


def as_word_reads(html: str) -> str:
    """What stands in comments for Outlook's Word engine is HTML for it, and is quoted as such."""
    return re.sub(r"(?s)<!--\[if mso\]>(.*?)<!\[endif\]-->", r"\1", html)


def _header_block(quoted: Quoted) -> str:
    labels = {"From": quoted.sender, "Sent": "Friday, November 20, 2026 10:02 AM", "To": quoted.to, "Subject": quoted.subject}
    return "<br>".join(f"<b>{label}:</b> {escape(value)}" for label, value in labels.items())


_GMAIL = '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{0}<br></div>{1}</div>'
_GMAIL_QUOTE = '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">'
_GMAIL_SIGNATURE = '<div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature">{0}</div>'
_APPLE = '<div><br></div><div><blockquote type="cite"><div>{0}</div></blockquote><br>{1}</div>'
_THUNDERBIRD = '<div class="moz-cite-prefix">{0}<br></div>{1}'

PROGRAMS = {
    "Gmail": Program(_marked(_on_wrote_in_two_lines, "-- "), _cited(_on_wrote_in_two_lines, _GMAIL, _GMAIL_QUOTE, _GMAIL_SIGNATURE)),
    "Outlook": Program(_outlook_plain, _outlook, marked=False),
    "Outlook on a telephone": Program(None, _outlook_on_a_telephone, marked=False),
    "Apple Mail": Program(
        _marked(_iphone_wrote, "-- ", marks_introduction=True),
        _cited(_iphone_wrote, _APPLE, '<blockquote type="cite">', '<div><br></div><div id="AppleMailSignature">-- <br>{0}</div>'),
    ),
    "Thunderbird": Program(
        _marked(_thunderbird_wrote, "-- "),
        _cited(_thunderbird_wrote, _THUNDERBIRD, '<blockquote type="cite">', '<div class="moz-signature">-- <br>{0}</div>'),
    ),
    "mutt": Program(_marked(_mutt_wrote, "-- "), None),
}
"""By their names in `mail_programs`."""


_BLOCK = "From: {sender}\n{date}: Friday, November 20, 2026 10:02 AM\nTo: {to}\nSubject: {subject}\n\n{text}"
_FORWARDS = {
    "Gmail": ("Fwd: {subject}", f"---------- Forwarded message ---------\n{_BLOCK}", "Date"),
    "Outlook": ("FW: {subject}", f"{'_' * 32}\n{_BLOCK}", "Sent"),
    "Outlook on a telephone": ("Fw: {subject}", f"Get Outlook for iOS<https://aka.example/o0ukef>\n{'_' * 32}\n{_BLOCK}", "Sent"),
    "Apple Mail": ("Fwd: {subject}", f"Begin forwarded message:\n\n{_BLOCK}", "Date"),
    "Thunderbird": ("Fwd: {subject}", f"-------- Forwarded Message --------\n{_BLOCK}", "Date"),
    "mutt": (
        "[{address}: {subject}]",
        f"----- Forwarded message from {{sender}} -----\n\n{_BLOCK}\n\n----- End forwarded message -----",
        "Date",
    ),
}


def forwarded(program: str, words: str, quoted: Quoted) -> tuple[str, str]:
    """(subject, plain text) of a mail that passes another on."""
    subject, body, date = _FORWARDS[program]
    address = quoted.sender.partition("<")[2].rstrip(">")
    shown = {"sender": quoted.sender, "to": quoted.to, "subject": quoted.subject, "text": quoted.text, "date": date}
    return subject.format(address=address, subject=quoted.subject), f"{words}\n\n{body.format(**shown)}\n"


def attaching(words: str, *mails: bytes, boundary: str = "=_a") -> tuple[str, str]:
    """(content type, body) of a mail that passes others on as attachments."""
    parts = "".join(f"--{boundary}\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n{mail.decode()}\n" for mail in mails)
    text = f"--{boundary}\nContent-Type: text/plain; charset=utf-8\n\n{words}\n"
    return f'multipart/mixed; boundary="{boundary}"', f"{text}{parts}--{boundary}--\n"


def body_of(html: str) -> str:
    """What stands in the body of a page, to be quoted."""
    return re.sub(r"(?s).*<body>|</body>.*", "", html)


def narrow(lines: Iterable[str], columns: int) -> list[str]:
    """Lines broken anew as telephones break them: of each only the first piece keeps its mark."""
    return [piece for line in lines for piece in wrap(line, columns, break_long_words=False, break_on_hyphens=False) or [line]]


def written(program: str, writing: Writing, quoted: Quoted, *, html_only: bool = False, columns: int = 0) -> tuple[str, str]:
    """(content type, body) of an answer. `html_only`: without the plain text, by programs that write HTML; `columns`: without the HTML, and
    with its lines broken anew."""
    form = PROGRAMS[program]
    if columns and form.plain:
        return "text/plain; charset=utf-8", "\n".join(narrow(form.plain(writing, quoted).split("\n"), columns))
    html = f"<html><body>{form.html(writing, quoted)}</body></html>" if form.html else ""
    if form.plain is None or (html and html_only):
        return "text/html; charset=utf-8", html
    plain = form.plain(writing, quoted)
    if not html:
        return "text/plain; charset=utf-8", plain
    parts = "".join(
        f"--=_f{CRLF}Content-Type: text/{kind}; charset=utf-8{CRLF}{CRLF}{text}{CRLF}" for kind, text in (("plain", plain), ("html", html))
    )
    return 'multipart/alternative; boundary="=_f"', f"{parts}--=_f--{CRLF}"
