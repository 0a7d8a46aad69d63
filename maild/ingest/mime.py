"""The MIME tree as plain values: parts with their headers and their decoded bytes, within limits (MAIL.md P2, P5).

Who reads the bytes into a tree is `maild.ingest.parse`; which parts are text and which are attachments is `maild.ingest.body`'s.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from maild.ingest.charset import decode_bytes
from maild.ingest.hygiene import clean_text
from maild.message import HeaderField, by_name


@dataclass(frozen=True, slots=True)
class Part:
    """One node of a MIME tree.

    `index` is its place in the walk, the message itself being 0. `payload` holds the bytes with the transfer encoding taken off, empty for
    a multipart. A message/* part has the bytes of the message in it as payload, and that message's tree as its only child.
    Names of parameters are in lower case. `disposition` is "attachment", "inline", another word or empty.
    """

    index: int
    content_type: str
    parameters: tuple[tuple[str, str], ...]
    headers: tuple[HeaderField, ...]
    payload: bytes
    children: tuple["Part", ...] = ()
    disposition: str = ""
    disposition_parameters: tuple[tuple[str, str], ...] = ()
    _by_name: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", by_name(self.headers))

    def walk(self) -> Iterator["Part"]:
        """This part and everything in it, messages in it included, in the order of their bytes."""
        yield self
        for child in self.children:
            yield from child.walk()

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)

    def fields(self, name: str) -> tuple[str, ...]:
        """Every occurrence of a header field of this part, raw and unfolded."""
        return self._by_name.get(name.casefold(), ())

    def field(self, name: str) -> str | None:
        return next(iter(self.fields(name)), None)

    @property
    def main_type(self) -> str:
        return self.content_type.partition("/")[0]

    @property
    def text(self) -> str:
        """The payload as clean text, whatever the part's type."""
        return clean_text(decode_bytes(self.payload, self.parameter("charset") or "", html=self.content_type == "text/html")).removeprefix(
            "\ufeff"
        )
