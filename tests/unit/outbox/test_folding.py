"""What our header writer writes, read back by the standard library."""

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.message import Address
from maild.outbox.folding import fold_addresses, fold_ids, fold_parameters, fold_text

OUTLOOK_ID = "AS8PR04MB8199" + "A" * 44 + "@AS8PR04MB8199.eurprd04.example"
LONG_ID = "x" * 240 + "@y.example"


def read(lines: str) -> EmailMessage:
    message = email.message_from_bytes(lines.encode("ascii") + b"\r\nbody\r\n", policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def check_subject(value: str, expected: str) -> None:
    lines = fold_text("Subject", value)
    check_lines(lines, ["subject"])
    assert str(read(lines)["Subject"]) == expected


def check_lines(lines: str, names: list[str]) -> None:
    """Exactly these headers, in lines of at most 998, none of them blank, nothing but CRLF between them."""
    assert lines.endswith("\r\n")
    assert lines.isascii()
    bare = lines.split("\r\n")[:-1]
    assert all(len(line.strip()) > 0 and len(line) <= 998 for line in bare)
    assert not any(char in "".join(bare) for char in "\r\n\0")
    assert [name.lower() for name in read(lines)] == names


def check_address(address: Address, expected: str) -> None:
    lines = fold_addresses("To", (address,))
    check_lines(lines, ["to"])
    assert lines == f"To: {expected}\r\n"


def test_a_plain_subject_stays_as_it_is():
    check_subject("Where is my order?", "Where is my order?")
    assert fold_text("Subject", "Where is my order?") == "Subject: Where is my order?\r\n"


def test_a_long_subject_folds_at_blanks():
    check_subject("word " * 38 + "end", "word " * 38 + "end")
    assert max(map(len, fold_text("Subject", "word " * 38).split("\r\n"))) <= 78


def test_only_the_part_outside_ascii_is_encoded_so_that_the_tag_stays_readable():
    assert fold_text("Subject", "Re: [Acme #1042-7QKD] Größe falsch").startswith("Subject: Re: [Acme #1042-7QKD] =?utf-8?")
    check_subject("Re: [Acme #1042-7QKD] Größe falsch", "Re: [Acme #1042-7QKD] Größe falsch")
    check_subject("Größe und 日本 size", "Größe und 日本 size")
    check_subject("Не мога да вляза " * 9 + "край", "Не мога да вляза " * 9 + "край")
    check_subject("🙂" * 60, "🙂" * 60)


def test_what_looks_like_an_encoded_word_is_encoded_itself():
    check_subject("=?utf-8?Q?hello=0D=0ABcc:_evil@x?=", "=?utf-8?Q?hello=0D=0ABcc:_evil@x?=")


def test_line_breaks_and_controls_become_blanks():
    check_subject("hello\r\nBcc: evil@x.example", "hello Bcc: evil@x.example")
    check_subject("a\nb\rc\x00d\x0be", "a b c d e")
    check_subject("a\u2028b\u2029c\u0085d", "a b c d")
    check_subject("\u202eevil\u202c", "evil")
    check_subject("lone \ud800 surrogate", "lone \ufffd surrogate")
    assert fold_text("Subject", "") == "Subject: \r\n"


def test_a_word_longer_than_a_line_may_be_is_split_by_encoding():
    check_subject("x" * 3000, "x" * 3000)


def test_long_ids_stand_unencoded_one_per_line():
    assert fold_ids("In-Reply-To", [OUTLOOK_ID]) == f"In-Reply-To: <{OUTLOOK_ID}>\r\n"
    assert fold_ids("References", [OUTLOOK_ID, LONG_ID]) == f"References: <{OUTLOOK_ID}>\r\n <{LONG_ID}>\r\n"
    check_lines(fold_ids("References", [OUTLOOK_ID, LONG_ID, "z" * 985 + "@y"]), ["references"])
    check_lines(fold_ids("References", ["z" * 987 + "@y", "a@b"]), ["references"])


def test_an_id_no_header_could_carry_is_left_out():
    assert fold_ids("References", ["a b@c", "a\r\nBcc: x@y", "a<b@c", "ä@b", "", "x" * 2000]) == ""
    assert fold_ids("References", ["<a@b>", "c d"]) == "References: <a@b>\r\n"


def test_names_are_atoms_quoted_or_encoded():
    check_address(Address("", "ann@globex.example"), "ann@globex.example")
    check_address(Address("Ann Smith", "ann@globex.example"), "Ann Smith <ann@globex.example>")
    check_address(Address("Smith, Ann", "ann@globex.example"), '"Smith, Ann" <ann@globex.example>')
    check_address(Address('Ann "the" \\ Smith', "ann@globex.example"), '"Ann \\"the\\" \\\\ Smith" <ann@globex.example>')
    check_address(Address("Anna (Acme Support)", "support@acme.example"), '"Anna (Acme Support)" <support@acme.example>')
    check_address(Address("Jürgen", "j@globex.example"), "=?utf-8?Q?J=C3=BCrgen?= <j@globex.example>")
    check_address(Address("evil\r\nBcc: x@y.example", "ann@globex.example"), '"evil Bcc: x@y.example" <ann@globex.example>')


def test_domains_are_written_in_punycode():
    check_address(Address("", "ann@bücher.example"), "ann@xn--bcher-kva.example")


def test_an_address_no_header_can_carry_is_shown_as_an_empty_group():
    check_address(Address("", "jürgen@globex.example"), "=?utf-8?Q?j=C3=BCrgen=40globex=2Eexample?= :;")
    check_address(Address("", "a b@globex.example"), '"a b@globex.example" :;')
    check_address(Address("", "a@b>,<evil@x.example"), '"a@b>,<evil@x.example" :;')
    check_address(Address("", ""), "unknown :;")


def test_many_addresses_fold_between_them():
    people = tuple(Address(f"Person Number {number}", f"person{number}@globex.example") for number in range(50))
    lines = fold_addresses("Cc", people)
    check_lines(lines, ["cc"])
    assert max(map(len, lines.split("\r\n"))) <= 78
    assert [mailbox.addr_spec for mailbox in read(lines)["Cc"].addresses] == [person.address for person in people]


def test_nobody_gives_no_header():
    assert fold_addresses("Cc", ()) == ""


def check_file_name(name: str, expected: str) -> None:
    lines = fold_parameters("Content-Disposition", "attachment", {"filename": name})
    check_lines(lines, ["content-disposition"])
    assert read(lines).get_filename() == expected


def test_file_names_survive():
    check_file_name("order.pdf", "order.pdf")
    check_file_name('a "b" \\ c.pdf', 'a "b" \\ c.pdf')
    check_file_name("Größe.pdf", "Größe.pdf")
    check_file_name("отчёт за март " * 8 + ".pdf", "отчёт за март " * 8 + ".pdf")
    check_file_name('x.pdf"\r\nBcc: evil@x', 'x.pdf" Bcc: evil@x')


HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from('\r\n\0\u2028\u2029\u202e\ud800=?<>,;:"\\@ ')), max_size=300)


@given(HOSTILE)
def test_no_text_adds_a_header(text: str):
    check_lines(fold_text("Subject", f"Re: {text}"), ["subject"])
    check_lines(fold_addresses("To", (Address(text, "ann@globex.example"), Address(text, text))), ["to"])
    check_lines(fold_parameters("Content-Disposition", "attachment", {"filename": text}), ["content-disposition"])
    check_lines(fold_ids("References", [text, "a@b"]), ["references"])


@pytest.mark.parametrize("word", ["=?", "?=", "=?utf-8?B?", "=0D=0A"])
def test_fragments_of_encoded_words_are_harmless(word: str):
    check_subject(f"a {word} b", f"a {word} b")
