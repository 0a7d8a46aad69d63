"""Rule files from somebody who means harm, or from a broken disk: an error with its place or a valid set, soon, never a traceback."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maild.rules.lint import lint
from tests.rig.occasions import load_text

ROOT = Path(__file__).parents[3]
SEEDS = [file.read_bytes() for file in sorted((ROOT / "etc/rules").glob("*.yaml"))]
SECONDS = 30
"""Of computing, on a machine that is slow; each of these took minutes or for ever once, or would with any common loader."""


def judge(raw):
    """The faults, each with a place in the file, or none where the set is valid; what it warns of is asked, too."""
    loaded = load_text(raw)
    errors = [fault for fault in loaded.faults if fault.code.startswith("E")]
    assert (loaded.rules is None) == bool(errors)
    for fault in (*loaded.faults, *lint(loaded)):
        assert fault.place.line >= 1
        assert fault.place.column >= 1
        assert fault.message
    return [fault.code for fault in errors]


def many(one, count):
    return "rules:\n" + "\n".join(f"- {{{one.format(number=number)}}}" for number in range(count))


def named(word, count):
    return ", ".join(word.format(number=number) for number in range(count))


USED_TWICE_OVER = (
    f"conditions:\n  a: {{subject: x}}\n  b: {{any: [{named('{{use: a}}', 5000)}]}}\n  c: {{any: [{named('{{use: b}}', 5000)}]}}\n"
    "rules: [{id: a, when: ticket.created, if: {use: c}, do: [{tag: x}]}]"
)
LAUGHS = "lists:\n" + "\n".join(f"  a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 9))
RULE = "id: r{number}, when: ticket.created, do: [{{tag: x}}]"
HOSTILE = {
    "a billion laughs": (LAUGHS, "E104"),
    "a billion comparisons through conditions": (USED_TWICE_OVER, "E108"),
    "a billion values through lists": (
        f"lists: {{a: [{named('w{number}', 5000)}]}}\n" + many(f"{RULE}, if: {{{{subject: $a}}}}", 5000),
        "E108",
    ),
    "brackets without end": ("[" * 500_000, "E101"),
    "mappings without end": ("{a: " * 200_000, "E101"),
    "a number of four million digits": ("version: " + "9" * 4_000_000, "E302"),
    "an id of four million letters": (f"rules: [{{id: {'a' * 4_000_000}, when: ticket.created, do: [{{tag: x}}]}}]", "E302"),
    "four million braces": ("rules: [{id: a, when: ticket.created, do: [{note: '" + "{{ x " * 800_000 + "'}]}]", "E402"),
    "ten megabytes": (b"# x\n" * 2_500_000, "E100"),
    "one key a hundred thousand times": ("lists:\n" + "  a: b\n" * 100_000, "E106"),
    "one id ten thousand times": (many("id: r, when: ticket.created, do: [{{tag: x}}]", 10_000), "E110"),
    "names that nothing has, among thousands": (
        f"lists: {{{named('l{number}: [a]', 10_000)}}}\n" + many(f"{RULE}, if: {{{{subject: $k{{number}}}}}}", 5000),
        "E205",
    ),
    "a pattern that other engines never end": (many(RULE + ", if: {{subject: {{matches: '(a+)+$(?=b)'}}}}", 9), "E303"),
    "a pattern of a million states": (many(RULE + ", if: {{subject: {{matches: '((a{{1000}}){{1000}}){{1000}}'}}}}", 1), "E303"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_would_take_for_ever_is_an_error_soon(name):
    text, code = HOSTILE[name]
    start = time.process_time()
    codes = judge(text)
    assert code in codes
    assert len(codes) <= 202
    assert time.process_time() - start < SECONDS


def test_of_very_many_errors_the_first_are_told_and_that_there_are_more():
    assert judge(many("id: r{number}, whne: ticket.created, do: [{{tag: x}}]", 1000))[-1] == "E111"


def test_no_number_of_warnings_is_an_error():
    loaded = load_text(many("id: r{number}, when: ticket.created, if: {{mailbox: nobody@x.example}}, do: [{{tag: x}}]", 300))
    assert (loaded.rules is not None, len(loaded.faults)) == (True, 300)


@pytest.mark.soak
def test_a_hundred_thousand_rules_load_or_are_refused_soon():
    files = [many(RULE.replace("r{number}", f"f{file}-{{number}}"), 25_000) for file in range(4)]
    start = time.process_time()
    loaded = load_text(*files)
    assert len(loaded.rules.rules) == 100_000
    lint(loaded)
    assert time.process_time() - start < 120


@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"\xff\xfe\x00",
            b"rules:\n- id: caf\xe9\n",
            "rules: []".encode("utf-16"),
            b"rules: [\x00]",
        ),
        *(
            b"rules:\n\t- id: a\n",
            b"a: &a [*a]",
            b"<<: {a: b}",
            b"? [a, b]\n: c",
            b"--- \n--- \n",
            b"!!python/object:os.system x",
            b"%YAML 9.9\n---\na: b",
        ),
        *(
            b"version: 1e999",
            b"version: 0x1",
            b"version: .inf",
            b"version: -" + b"9" * 400,
            b"rules: [{id: [}]}",
            b"rules: {id: a}",
            b"\x85\xe2\x80\xa8:",
        ),
    ],
)
def test_what_is_no_rule_file_is_an_error_with_its_place(raw):
    assert judge(raw)


def test_line_ends_and_marks_of_other_systems_do_not_matter():
    for seed in SEEDS:
        for raw in (seed, b"\xef\xbb\xbf" + seed, seed.replace(b"\n", b"\r\n"), seed.replace(b"\n", b"\r")):
            assert {code[:2] for code in judge(raw)} <= {"E2"}  # names that stand in the other files


@given(st.binary(max_size=2000))
def test_any_bytes_are_an_error_or_a_set(raw):
    judge(raw)


@given(st.sampled_from(SEEDS), st.data())
@example(SEEDS[0], None)
def test_a_file_that_was_damaged_is_an_error_or_a_set(seed, data):
    judge(seed if data is None else _damaged(seed, data))


PIECES = [b"", b"\x00", b"\t", b"&a ", b"*a", b": ", b"- ", b"{", b"}", b"[", b"]", b"'", b'"', b"\xff", b"$x"]


def _damaged(seed, data):
    """Bytes taken out, put in, changed and moved, as by a broken disk, an editor that crashed, or a merge."""
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(seed)))
        end = data.draw(st.integers(start, min(len(seed), start + 80)))
        piece = data.draw(st.sampled_from([*PIECES, seed[end : end + 60]]))
        seed = seed[:start] + piece + seed[end:]
    return seed
