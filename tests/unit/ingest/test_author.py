"""Who really wrote a mail that came through a machine (MAIL.md L6a, P14)."""

from typing import Any

from builders import ANN, a_message, some_settings

from maild.ingest.author import find_author
from maild.ingest.witness import Witness
from maild.message import Address

FORM = Address("Contact form", "noreply@acme.example")
SUPPORT = Address("'Ann Smith' via Support", "support@acme.example")
PASSED = {"Authentication-Results": "mx.acme.example; dmarc=pass header.from=acme.example"}


def check(writer: Address, *, form: bool = False, trusting: bool = True, **message: Any) -> None:
    witness = Witness(frozenset({"mx.acme.example"})) if trusting else None
    through = find_author(a_message(**message), witness, some_settings(forms=frozenset({FORM.key})))
    assert (through.message.header_from, through.form) == ((writer,), form)


def test_a_proven_form_speaks_for_the_one_in_its_reply_to():
    check(ANN, form=True, header_from=(FORM,), reply_to=(ANN,), headers=PASSED)
    check(FORM, header_from=(FORM,), reply_to=(ANN,))
    check(FORM, header_from=(FORM,), reply_to=(ANN,), headers=PASSED, trusting=False)
    check(FORM, header_from=(FORM,), reply_to=(ANN, SUPPORT), headers=PASSED)
    check(FORM, header_from=(FORM,), reply_to=(), headers=PASSED)
    check(FORM, header_from=(FORM,), reply_to=(SUPPORT,), headers=PASSED)
    check(Address("", "eve@acme.example"), header_from=(Address("", "eve@acme.example"),), reply_to=(ANN,), headers=PASSED)


def test_a_group_that_puts_itself_into_from_passes_on_its_writer():
    original = {"X-Original-From": "Ann Smith <ann@globex.example>"}
    check(ANN, header_from=(SUPPORT,), reply_to=(Address("", ANN.address),), headers=original)
    check(Address("Ann", "ann@home.example"), header_from=(SUPPORT,), reply_to=(Address("Ann", "ann@home.example"),), headers=original)
    talk = Address("Ann via Talk", "talk@lists.example")
    check(ANN, header_from=(talk,), reply_to=(ANN,), headers={"List-Post": "<mailto:talk@lists.example>"})


def test_an_ordinary_mail_is_its_senders():
    check(ANN)
    check(ANN, reply_to=(Address("", "ann@home.example"),))
    check(ANN, reply_to=(Address("", "x@y.example"),), headers={"X-Original-From": "x@y.example"})
    check(ANN, reply_to=(Address("", "talk@lists.example"),), headers={"List-Post": "<mailto:talk@lists.example>"})


def test_such_a_from_is_never_strict_so_that_it_proves_no_agent():
    anna = Address("", "anna@acme.example")
    message = a_message(header_from=(FORM,), reply_to=(anna,), headers=PASSED)
    through = find_author(message, Witness(frozenset({"mx.acme.example"})), some_settings(forms=frozenset({FORM.key})))
    assert through.message.header_from == (anna,)
    assert through.message.from_defect != ""
