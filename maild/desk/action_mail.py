"""What an agent has written into the mail that an action of a notification opens (MAIL.md O7). Pure.

Its `maild-ref` line is the last of what stands there already. Seen in practice: a telephone puts the cursor below it, and the words go
there.
"""

from maild.desk.agent_signatures import is_signature_alone
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply
from maild.ingest.quotes import find_quote, has_own_reference
from maild.ingest.sender import TokenPlace
from maild.reading import Reading


def own_words(reading: Reading, name: str) -> str:
    """The mail's new text, and the words below its `maild-ref` line where that is not quoted and the only thing that proves it. What names
    nobody but the agent, who is called `name`, says nothing.
    """
    message, token = reading.message, reading.sender.token
    if token is None or token.place is not TokenPlace.REFERENCE_LINE:
        return message.new_text
    below = _words_below(message.elided)
    return message.new_text if not below or is_signature_alone(below, name) else f"{message.new_text}\n\n{below}"


def _words_below(elided: str) -> str:
    """Nothing where a quotation begins above the line: what stands below it then is somebody else's, or a program's."""
    lines = plain_lines(elided)
    quote = find_quote(lines, is_careful=False)
    if quote is None or not has_own_reference(lines[quote.start].text) or quote.is_marked:
        return ""
    cut = cut_reply(lines[quote.start + 1 :])
    return "" if cut.is_old else cut.visible
