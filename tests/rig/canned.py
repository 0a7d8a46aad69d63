"""Canned answers made of their text, without files."""

from maild.canned.markdown import render
from maild.canned.notation import NotationFault, read_pieces, with_links
from maild.canned.shelf import ANY_LANGUAGE, Canned, Shelf

REFUND = """Dear {{ requester.first_name|default("customer") }},

we have paid order **{{ order }}** back:

- to your account
- within [three days](https://acme.example/refunds?order={{ order }})
"""
ERSTATTUNG = "Guten Tag,\n\nBestellung **{{ order }}** ist erstattet.\n"


def an_answer(name: str, source: str, language: str = ANY_LANGUAGE) -> Canned:
    pieces = tuple(with_links(piece for piece in read_pieces(source.rstrip()) if not isinstance(piece, NotationFault)))
    return Canned(name, language, pieces, render(pieces).html)


def a_shelf(**sources: str) -> Shelf:
    """By name and language: `refund_en="…"`, or `refund="…"` for any language."""
    named = ((*name.partition("_")[::2], source) for name, source in sources.items())
    return Shelf({(name, language): an_answer(name, source, language) for name, language, source in named})


SHELF = a_shelf(refund_en=REFUND, refund_de=ERSTATTUNG, hours="We are open from nine to five.\n", italian_it="Buongiorno.\n")
