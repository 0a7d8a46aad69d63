"""Who really wrote a mail that came through a machine (MAIL.md L6a, P14)."""

from typing import Any

from builders import ANN, a_message, some_settings

from maild.ingest.author import Through, find_author
from maild.ingest.witness import Witness
from maild.message import Address

FORM = Address("Contact form", "noreply@acme.example")
SUPPORT = Address("'Ann Smith' via Support", "support@acme.example")
HELP = Address("'Ann Smith' via Help", "help@lists.acme.example")
PASSED = {"Authentication-Results": "mx.acme.example; dmarc=pass header.from=acme.example"}


def found(*, trusting: bool = True, **message: Any) -> Through:
    witness = Witness(frozenset({"mx.acme.example"})) if trusting else None
    settings = some_settings(forms=frozenset({FORM.key}), own_lists=frozenset({HELP.key}))
    return find_author(a_message(**message), witness, settings)


def check(writer: Address, *, form: bool = False, **message: Any) -> None:
    through = found(**message)
    assert through.message.header_from == (writer,)
    assert (through.carrier is not None and through.carrier.is_form) is form


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
    assert found().carrier is None
    check(ANN, reply_to=(Address("", "ann@home.example"),))
    check(ANN, reply_to=(Address("", "x@y.example"),), headers={"X-Original-From": "x@y.example"})
    check(ANN, reply_to=(Address("", "talk@lists.example"),), headers={"List-Post": "<mailto:talk@lists.example>"})


def test_what_is_not_proved_to_come_from_a_machine_of_ours_has_its_writer_answered_by_none():
    """P14: never for acknowledgements if unauthenticated. Where nobody judges, nothing can be asked for."""

    def unproven(sender: Address, headers: dict[str, str], *, trusting: bool = True) -> str:
        carrier = found(header_from=(sender,), reply_to=(ANN,), headers=headers, trusting=trusting).carrier
        assert carrier is not None
        return carrier.unproven.code if carrier.unproven else ""

    eve = Address("Eve", "eve@evil.example")
    named = {"List-Post": f"<mailto:{SUPPORT.address}>, <mailto:{HELP.address}>, <mailto:{eve.address}>"}
    helped = {"Authentication-Results": "mx.acme.example; dkim=pass header.d=lists.acme.example"}
    hers = {"Authentication-Results": "mx.acme.example; dmarc=pass header.from=evil.example"}
    assert unproven(SUPPORT, PASSED | named) == ""
    assert unproven(HELP, helped | named) == ""
    assert unproven(SUPPORT, named) == "unproven-list"
    assert unproven(SUPPORT, hers | named) == "unproven-list"
    assert unproven(SUPPORT, named, trusting=False) == ""
    assert unproven(eve, hers | named) == "foreign-list"
    assert unproven(FORM, PASSED) == ""


def test_such_a_from_is_never_strict_so_that_it_proves_no_agent():
    anna = Address("", "anna@acme.example")
    message = a_message(header_from=(FORM,), reply_to=(anna,), headers=PASSED)
    through = find_author(message, Witness(frozenset({"mx.acme.example"})), some_settings(forms=frozenset({FORM.key})))
    assert through.message.header_from == (anna,)
    assert through.message.from_defect != ""
