"""What a mail says and what it carries: a MIME tree → its texts, attachments and wrappings (MAIL.md P7-P12). Pure.

Which parts are which is `maild.ingest.body`'s; what of the text is new `maild.ingest.new_text`'s.
"""

from dataclasses import dataclass

from maild.ingest.armour import remove_armour
from maild.ingest.body import describe_attachments, divide, read_text
from maild.ingest.excerpt import Excerpts
from maild.ingest.forwards import Block, begins_with_forward, find_block
from maild.ingest.html_text import html_lines
from maild.ingest.invitation import describe_calendar
from maild.ingest.mime import Part
from maild.ingest.new_text import cut_reply, find_elided_images, keep_reply
from maild.ingest.wrapping import find_wrappings
from maild.message import Attachment, Wrapping


@dataclass(frozen=True, slots=True)
class Content:
    """The fields of an InboundMessage that are read from its body, under the same names; `attached` are the attachments' parts.

    `block`: the mail that is passed on in its text, `block_html` the HTML that says the same, "" without any.
    """

    text: str
    html: str
    uncut_text: str
    new_text: str
    uncut_html: str
    new_html: str
    elided: str
    attachments: tuple[Attachment, ...]
    wrappings: tuple[Wrapping, ...]
    calendar_method: str
    invitation: str
    attached: tuple[Part, ...]
    nothing_new: bool
    block: Block | None
    block_html: str


def read_content(root: Part, *, reply: bool, is_announced: bool = False, with_look: bool = True) -> Content:
    """The content of a message. `reply`: its new text is cut; without, all of it is new (P8). `is_announced`: its subject says that it
    passes another mail on (A12). Without `with_look` there is no safe HTML."""
    body = divide(root)
    text = read_text(body)
    lines, armour = remove_armour(text.lines)
    uncut = keep_reply(lines)
    new = cut_reply(lines) if reply else uncut
    calendar = next((part for part in root.walk() if part.content_type == "text/calendar"), None)
    excerpts = Excerpts(text.html if with_look else "")
    is_forward = is_announced or begins_with_forward(new.elided) or begins_with_forward(uncut.visible)
    block = find_block(lines, is_announced=is_announced) if is_forward else None
    uncut_html = excerpts.safe(uncut.visible)
    method = (calendar.parameter("method") or "") if calendar else ""
    # Of equal texts, as most mails have them, one is kept: it crosses the pipe once.
    whole = text.text
    uncut_text = whole if uncut.visible == whole else uncut.visible
    return Content(
        text=whole,
        html=text.html,
        uncut_text=uncut_text,
        new_text=uncut_text if new.visible == uncut_text else new.visible,
        uncut_html=uncut_html,
        new_html=uncut_html if new.visible == uncut.visible else excerpts.safe(new.visible),
        elided=new.elided,
        attachments=describe_attachments(body.attached, text.html, _find_elided_images),
        wrappings=find_wrappings(root, armour),
        calendar_method=method,
        invitation=describe_calendar(calendar.text, method) if calendar else "",
        attached=body.attached,
        nothing_new=new.is_old,
        block=block,
        block_html=excerpts.safe(keep_reply(block.lines).visible) if block else "",
    )


def _find_elided_images(html: str) -> frozenset[str]:
    """The pictures a reply's HTML shows only among what is set aside (P11)."""
    return find_elided_images(html_lines(html))
