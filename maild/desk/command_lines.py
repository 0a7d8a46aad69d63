"""Command lines: `#close`, `#assign maria` … in an agent's mail (MAIL.md A7). What they do stands in `maild.desk.verbs`. Pure."""

import re
import string
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from maild.desk.command import HASHES, PLAIN_QUOTES, Command, CommandFault
from maild.desk.command_words import command_of
from maild.desk.control import CONTROLS, MOST_ASKED
from maild.desk.likely_commands import COMMANDS, find_among_words, find_nearest, find_probable
from maild.desk.named_people import named_people
from maild.desk.regroup import named_tickets
from maild.desk.take_back import UNDOABLE
from maild.desk.verbs import VERBS
from maild.ingest.attributions import weigh
from maild.ingest.lines import MAX_LINES
from maild.ingest.quotes import is_quoted

ALONE = frozenset(("close", "open", "wait", "take", "l2", "spam", "noreply", "same", "split", "undo", "ack", "help", "back", "tasks"))
"""Commands that nothing may follow on their line: it would be lost, and was meant for somebody."""
MAY_NAME = {"undo": frozenset(UNDOABLE)}
"""What little may follow on the line of one of those."""
_NAMES = {"undo": f"names one of: {', '.join(UNDOABLE)}; #open takes back #close, #untag takes back #tag"}
TIMED = frozenset(("snooze", "away"))
"""Commands that name a time: a full stop at its end may be a part of it, as in `12.5.`"""
OPENING = frozenset(("to", "from"))
"""Commands of a new mail, which say for whom it opens a ticket."""
TEXT = "canned"
"""The command in whose place a text goes, so that it stands wherever that belongs."""
# Seen in practice: marks of direction from Persian, Arabic and Hebrew keyboards, blanks of no width and soft hyphens from Outlook and Word,
# "#" as a key of a telephone.
_UNSEEN = "".join(
    chr(code)
    for first, last in (
        *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F)),
        *((0x202A, 0x202E), (0x2060, 0x206F), (0x20E3, 0x20E3), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
        *((0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F), (0xE0100, 0xE01EF)),
    )
    for code in range(first, last + 1)
)
_BLANK = string.whitespace + "\u00a0" + _UNSEEN
_WITHOUT_UNSEEN = dict.fromkeys(map(ord, _UNSEEN))
# Seen in practice: a command in bold letters, which is "*#note*" in the text that goes along.
_LINE = re.compile(
    rf"(?P<lead>[\s*_{_UNSEEN}]*)[{HASHES}][{_UNSEEN}]*(?P<word>(?![{_UNSEEN}])[^\W\d_][\w{_UNSEEN}-]{{0,80}})(?P<rest>.*)", re.DOTALL
)
# A command for whoever has written it, and for a program a heading ("# note"), a path ("/close"), what the key of "#" gives on another
# keyboard ("№заметка", "£note", "3note"), or a word in brackets ("[note]").
_TORN_LINE = re.compile(
    rf"(?P<lead>[\s*_{_UNSEEN}]*)(?:[{HASHES}][\s{_UNSEEN}]+|№[\s{_UNSEEN}]*|[/／\\£$§@!~°·3]|(?P<bracket>[\[({{<]))"
    rf"(?P<word>[^\W\d_][\w{_UNSEEN}-]{{0,80}})(?(bracket)[\])}}>]|(?=[\s.!;:*_]|$))(?P<rest>.*)",
    re.DOTALL,
)
TORN_OPENING = "a blank stands behind a #, so that the line is text; write #to or #from without one, in a new mail"
"""Said of `# to ann@globex.example`."""
# A command for a reader, whatever stands around its "#": "- #note", "(#close)", "1. #note" of a list. No quoted line, no `##word`.
_LETTERS_UNSEEN = "\u115f\u1160\u3164\uffa0"
_COMMAND_LIKE = re.compile(
    rf"(?:\s*\d{{1,3}}[.)](?=\s))?(?:[^\w>＞|{HASHES}]|[_{_LETTERS_UNSEEN}])*"
    rf"[{HASHES}](?:[^\w\s{HASHES}]|[_{_LETTERS_UNSEEN}])*(?P<word>[^\W\d_][\w{_UNSEEN}-]{{0,80}})"
)
_ANSWERS = {"send": "says that your words were kept as a note", "yes": "asks what you meant"}
"""Words that answer a letter of the desk's."""
_KEEPS_INSIDE = {"split": 1, "note": 2, "noreply": 2, "spam": 2, "undo": 2}
"""Commands by which nothing of a mail reaches the customer (2), or not all of it (1)."""
_HAS_WORDS = ALONE | {"note"}
"""Commands behind which stand words that are meant for somebody, if anything does."""
_FREE = frozenset(("note", "task"))
"""Commands with words of any kind behind them."""
_NAMING_ALONE = frozenset(("assign", "merge", "snooze", "untag", "uncc"))
_MOST_LONE_WORDS = 3
_OTHER = re.compile(rf"(?<![^\s,;])[{HASHES}](?P<word>[^\W\d_][\w{_UNSEEN}-]{{0,80}})")
_LITERAL = re.compile(rf"[{HASHES}]{{2}}(?=[^\W\d_])")
_MAY_BE_BROKEN = 60
"""In characters: programs that break lines leave none much shorter."""
_MOST_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Parsed:
    """The commands of a text, and the text without them. `errands` are those that ask the desk itself (`maild.desk.control`). `places`: how
    many written lines of the body stand above each canned answer."""

    commands: tuple[Command, ...]
    body: str
    faults: tuple[CommandFault, ...] = ()
    errands: tuple[Command, ...] = ()
    places: tuple[int, ...] = ()


def says(word: str, text: str) -> bool:
    """Whether a text is this one word, with # or without (MAIL.md A6, A7)."""
    said = text.strip(f"{_BLANK}*_.!;").translate(_WITHOUT_UNSEEN).casefold()
    return said.removeprefix(said[:1] if said[:1] in HASHES else "") == word


@dataclass(frozen=True, slots=True)
class LoneWord:
    """A word that has a line of its own, without #, and the index of that line. Of a command that names something, all of it."""

    word: str
    line: int


def find_lone_word(text: str) -> LoneWord | None:
    """The word that a text consists of, beside its commands and what it quotes; None where it says more."""
    lines = text.splitlines()
    own = _find_own_words(lines)
    return _lone_word(lines, own[0]) if len(own) == 1 else None


def find_lone_command(text: str) -> LoneWord | None:
    """The few words that a text consists of, where the first is a command's that names something: `assign boris`, `snooze 3d`."""
    lines = text.splitlines()
    own = _find_own_words(lines)
    said = lines[own[0]].strip(f"{_BLANK}*_.!;").translate(_WITHOUT_UNSEEN).split() if len(own) == 1 else []
    is_command = 1 < len(said) <= _MOST_LONE_WORDS and command_of(said[0].lower()) in _NAMING_ALONE
    return LoneWord(" ".join(said), own[0]) if is_command else None


def find_bare_words(text: str) -> tuple[LoneWord, ...]:
    """The words with a line of their own where a command would stand: above all others, or below them and apart, as no sentence ends."""
    lines = text.splitlines()
    own = _find_own_words(lines)
    if len(own) < 2:
        return ()
    first, last = _lone_word(lines, own[0]), _lone_word(lines, own[-1])
    is_apart = last and not lines[last.line - 1].strip(_BLANK) and lines[last.line].strip(f"{_BLANK}*_")[-1].isalpha()
    return tuple(word for word in (first, last if is_apart else None) if word)


def find_label(text: str) -> str:
    """The word before the colon with which somebody's own words begin, as in `Note: he owes us`; "" where they begin otherwise."""
    lines = text.splitlines()
    own = _find_own_words(lines)
    label, colon, _ = lines[own[0]].partition(":") if own else ("", "", "")
    return label.strip(f"{_BLANK}*_").translate(_WITHOUT_UNSEEN).lower() if colon else ""


def _find_own_words(lines: Sequence[str]) -> list[int]:
    """The lines that are somebody's own and no commands."""
    written = [index for index, line in enumerate(lines) if line.strip(_BLANK)]
    begin = _find_own(lines, written)
    return [index for index in written if index >= begin and not is_quoted(lines[index]) and not _is_command_line(lines[index])]


def _lone_word(lines: Sequence[str], index: int) -> LoneWord | None:
    word = lines[index].strip(f"{_BLANK}*_.!;:").translate(_WITHOUT_UNSEEN).lower()
    return LoneWord(word, index) if word.replace("-", "").isalpha() else None


def command_lines_alone(text: str) -> str:
    """A text that is nothing but command lines, right or wrong, without its blank lines and what it quotes; "" for any other.

    Lines that only ask the desk itself are about no text.
    """
    lines = [line.strip(_BLANK) for line in text.splitlines() if line.strip(_BLANK) and not is_quoted(line)]
    found = [_split_line(_mended(line) or line) for line in lines]
    return "\n".join(lines) if all(found) and not all(split and _is_errand(*split) for split in found) else ""


def with_corrections(text: str, corrected: str) -> str:
    """A text with these command lines in place of all of its own, also of those that stand among its words. A canned answer goes where one
    stood before.

    What was to stay inside stays inside: lines that say so, well spelled or not, remain unless a corrected one says it anew.
    """
    lines, corrections = text.splitlines(), corrected.splitlines()
    chosen = frozenset(_find_command_lines(lines))
    among = {index: line for index, line in enumerate(lines) if index not in chosen}
    old = {*chosen, *(fault.line - 1 for fault in _misplaced(among) if fault.by_commands)}
    bare, meant = (find_lone_word(text), find_lone_command(text), *find_bare_words(text)), set(map(_guess, corrections))
    old |= {found.line for found in bare if found and command_of(found.word.partition(" ")[0].lower()) in meant}
    said_anew = max(map(_kept_inside, corrections), default=0)
    gone = {index for index in old if _kept_inside(lines[index]) <= said_anew}
    begin = _find_own(lines, [index for index, line in enumerate(lines) if line.strip(_BLANK)])
    spots = [index for index in sorted(gone) if _guess(lines[index]) == TEXT]
    texts = [place for place, line in enumerate(corrections) if _guess(line) == TEXT][: len(spots)]
    put = {index: corrections[place] for index, place in zip(spots, texts, strict=False)}
    left = [(index, put.get(index, line)) for index, line in enumerate(lines) if index in put or index not in gone]
    on_top = (line for place, line in enumerate(corrections) if place not in texts)
    return "\n".join((*(line for index, line in left if index < begin), *on_top, *(line for index, line in left if index >= begin)))


def _kept_inside(line: str) -> int:
    """How much of a mail a line may be to keep inside (`_KEEPS_INSIDE`)."""
    return _KEEPS_INSIDE.get(_guess(line), 0)


def _guess(line: str) -> str:
    """The command that a line is, or may have been meant to be; "" for none."""
    match = _COMMAND_LIKE.match(_mended(line) or line)
    word = _word_of(match) if match else ""
    return command_of(find_nearest(word))


def hash_words(text: str) -> frozenset[str]:
    """The words after # at the start of lines: they are tags if such tags exist (MAIL.md A7)."""
    return frozenset(found[0] for line in _find_looked_at(text) if (found := _split_line(line)))


def find_errands(text: str) -> tuple[Command, ...]:
    """What the lines of a text would ask the desk itself, wherever they stand: what must be looked up before anybody knows which are
    commands."""
    return tuple(filter(is_errand, _find_commands(text)))[:MOST_ASKED]


def find_named_tickets(text: str) -> frozenset[int]:
    """The numbers of the tickets that commands in a text name."""
    return named_tickets(_find_commands(text))


def asks_to_undo(text: str) -> bool:
    """Whether this and nothing else is what its lines command: it is about the ticket, and no correction of a mail (MAIL.md A7)."""
    lines = text.splitlines()
    return bool(lines) and all((split := _split_line(line)) is not None and split[0] == "undo" for line in lines)


def may_command(word: str, text: str) -> bool:
    """Whether a line of it would do this."""
    return any(command.word == word for command in _find_commands(text))


def _find_commands(text: str) -> Iterator[Command]:
    """What its lines would command, wherever they stand, or were probably to command."""
    for line in _find_looked_at(text):
        read = _read_line(line, 0, frozenset())
        yield from (read,) if isinstance(read, Command) else probably_meant((read,))


def _find_looked_at(text: str) -> Iterable[str]:
    """The lines of commands for which something is looked up, wherever they stand: of a long mail that an agent quotes the first two
    hundred lines may be others' words, and his commands below them."""
    return islice(filter(_is_command_line, text.splitlines()[:MAX_LINES]), _MOST_LOOKED_AT)


def is_opening(text: str, known_tags: Iterable[str] = ()) -> bool:
    """Whether a line says for whom a ticket is to be opened, rightly spelt or not; among the words, where it names an address."""
    lines = text.splitlines()[:200]
    chosen, tags = _find_command_lines(lines), frozenset(tag.casefold() for tag in known_tags)
    split = ((index, found) for index, line in enumerate(lines) if (found := _split_line(line)))
    return any(_opens(word, rest, tags, is_command=index in chosen) for index, (word, rest) in split)


def _opens(word: str, rest: str, tags: frozenset[str], *, is_command: bool) -> bool:
    if word in OPENING:
        return is_command or "@" in rest
    return "@" in rest and word not in tags and command_of(find_nearest(word)) in OPENING


def find_named_addresses(text: str) -> frozenset[str]:
    """The addresses that commands in a text name, as addresses are compared."""
    return named_people(_find_commands(text))


def parse(text: str, known_tags: Iterable[str] = ()) -> Parsed:
    """The command lines at the start of a text, above or below what it quotes there, one at its very end, and canned answers wherever they
    stand. Another command anywhere else is a fault: what follows it may be meant for nobody outside, as after a greeting or a banner above
    `#note`."""
    tags = frozenset(tag.casefold() for tag in known_tags)
    lines = text.splitlines()
    chosen = _find_command_lines(lines)
    read = [_read_line(lines[index], index + 1, tags) for index in chosen]
    rest = dict(enumerate(lines))
    for index in chosen:
        del rest[index]
    notes = [command.argument for command in read if isinstance(command, Command) and command.word == "note" and command.argument]
    commands = [item for item in read if isinstance(item, Command)]
    of_ticket = tuple(command for command in commands if not is_errand(command))
    written = [index for index, line in rest.items() if line.strip()]
    return Parsed(
        of_ticket,
        "\n".join((*notes, *(_LITERAL.sub("#", line, count=1) for line in rest.values()))).strip("\n").rstrip(),
        (*(item for item in read if isinstance(item, CommandFault)), *_broken(lines, chosen), *_misplaced(rest)),
        tuple(command for command in commands if is_errand(command)),
        tuple(len(notes) + bisect_left(written, command.line - 1) for command in of_ticket if command.word == TEXT),
    )


def probably_meant(faults: Iterable[CommandFault], known_tags: Iterable[str] = ()) -> tuple[Command, ...]:
    """The commands that were probably meant by lines which are none, as far as anybody can tell."""
    tags = frozenset(tag.casefold() for tag in known_tags)
    lines = (_read_line(fault.better, fault.line, tags) for fault in faults if fault.better)
    return tuple(command for command in lines if isinstance(command, Command))


def is_errand(command: Command) -> bool:
    """Whether it asks the desk itself. One that stands for both does so where nothing else is on its line."""
    return _is_errand(command.word, command.argument)


def _find_command_lines(lines: Sequence[str]) -> tuple[int, ...]:
    """Which lines stand where commands are read, and look like one.

    Seen in practice: every line of Outlook's is a paragraph, so that in the text blank ones stand between the commands.
    """
    written = [index for index, line in enumerate(lines) if line.strip(_BLANK)]
    start = _find_own(lines, written)
    first = tuple(takewhile(lambda index: _is_command_line(lines[index]), (index for index in written if index >= start)))
    is_last_too = bool(written) and _is_command_line(lines[written[-1]])
    texts = (index for index in written if (split := _split_line(lines[index])) and split[0] == TEXT and not _is_errand(*split))
    return tuple(sorted({*first, *(written[-1:] if is_last_too else ()), *texts}))


def _broken(lines: Sequence[str], chosen: Iterable[int]) -> Iterator[CommandFault]:
    """Tasks that a mail program may have broken in two: the second half would go to the customer."""
    for index in chosen:
        below = lines[index + 1].strip(_BLANK) if index + 1 < len(lines) else ""
        is_long_task = len(lines[index]) >= _MAY_BE_BROKEN and (split := _split_line(lines[index])) and split[0] == "task"
        if is_long_task and below and not _split_line(below) and not is_quoted(below):
            why = "the next line may be the rest of this task; write the task on one line, or leave a line empty between them"
            yield CommandFault(index + 1, why)


def _is_errand(word: str, argument: str) -> bool:
    return word in CONTROLS and not (word in VERBS and any(map(str.isalnum, argument)))


def _find_own(lines: Sequence[str], written: Sequence[int]) -> int:
    """Where the writer's own words begin: below what he quotes, where nothing but its attribution stands above that. Commands are his."""
    start = written[0] if written else 0
    quoted = next((index for index in written if is_quoted(lines[index])), None)
    above = lines[start:quoted]
    if quoted is None or (above and (_is_command_line(above[0]) or not weigh(" ".join(map(str.strip, above))))):
        return start
    return next((index for index in written if index > quoted and not is_quoted(lines[index])), len(lines))


def _is_command_line(line: str) -> bool:
    """Rightly written or not."""
    return _split_line(line) is not None or _mended(line) != ""


def _mended(line: str) -> str:
    """`#note` for a line `# note` or `/note`; "" for any other, as a heading that names no command. `# to` is one before an address."""
    match = _TORN_LINE.match(line)
    word = command_of(_word_of(match)) if match else ""
    if match is None or word not in COMMANDS or (word in OPENING and "@" not in match["rest"]):
        return ""
    return f"{match['lead']}#{match['word']}{match['rest']}"


def _split_line(line: str) -> tuple[str, str] | None:
    """(the word after #, in the command's own spelling, the rest of the line) of a command line; None for any other line."""
    written = _split_written(line)
    return written and (command_of(written[0]), written[1])


def _split_written(line: str) -> tuple[str, str] | None:
    """The same with the word as it is written, without what nobody sees before it and the marks of bold letters around it."""
    if not (match := _LINE.match(line)):
        return None
    word, rest = match["word"].translate(_WITHOUT_UNSEEN), match["rest"].rstrip()
    twin = "".join(character for character in reversed(match["lead"]) if character in "*_")
    if twin and not rest.endswith(twin):
        return word.removesuffix(twin).casefold(), rest if word.endswith(twin) else rest.replace(twin, "", 1)
    return word.casefold(), rest.removesuffix(twin)


def _misplaced(lines: Mapping[int, str]) -> Iterator[CommandFault]:
    """Known commands among the words, mistyped or not, by the index of their lines."""
    for index, line in lines.items():
        if (match := _COMMAND_LIKE.match(line)) and (meant := find_among_words(word := _word_of(match))):
            split, command = _split_line(line), command_of(meant)
            if command == TEXT and word != meant and split:
                yield _unknown(word, split[1].strip(_BLANK), index + 1, frozenset())
                continue
            own_line = "a line that begins with it and names an answer"
            where = f"#{meant} is read only on {own_line if command == TEXT else 'the first lines, above any text, or on the last line'}"
            where = where if word == meant else f"there is no command #{word}, and if you meant #{meant}: {where}"
            is_lost = any(map(str.isalnum, line[match.end() :])) and (word != meant or command in _HAS_WORDS)
            yield CommandFault(index + 1, f"{where}; if it is no command, write ##{word}", by_commands=not is_lost)


def _word_of(command_like: re.Match[str]) -> str:
    """As it is compared, of `_COMMAND_LIKE` or `_TORN_LINE`."""
    return command_like["word"].translate(_WITHOUT_UNSEEN).strip("_").casefold()


def _read_line(line: str, number: int, tags: frozenset[str]) -> Command | CommandFault:
    split = _split_written(line.translate(PLAIN_QUOTES))
    if not split:
        mended = _mended(line)
        return _torn(line, mended, number, tags) if mended else CommandFault(number, f"{line.strip()} is not a command")
    word, argument = command_of(split[0]), _argument_of(*split)
    if word in ALONE and any(map(str.isalnum, argument)) and argument.casefold() not in MAY_NAME.get(word, ()):
        what = _NAMES.get(word, "takes no text")
        return CommandFault(number, f"#{split[0]} {what}; put the text on a line of its own")
    if word in COMMANDS and word not in _FREE and (other := _find_other(argument, tags)):
        return CommandFault(number, f"#{other} stands behind #{split[0]}; write each on a line of its own", by_commands=True)
    if word in COMMANDS:
        return Command(word, argument, number)
    if word in tags and not argument:
        return Command("tag", word, number)
    if word in _ANSWERS:
        return CommandFault(number, f"#{word} stands alone, in a reply to the mail that {_ANSWERS[word]}", by_commands=True)
    return _unknown(word, split[1], number, tags)


def _find_other(argument: str, tags: frozenset[str]) -> str:
    """Another command on the line of one, which would be taken for what that names; "" for none. Tags may have # before them."""
    words = (match["word"].translate(_WITHOUT_UNSEEN).casefold() for match in _OTHER.finditer(argument))
    return next((word for word in words if word not in tags and command_of(word) in COMMANDS), "")


def _torn(line: str, mended: str, number: int, tags: frozenset[str]) -> CommandFault:
    """Whoever writes so means the desk: as text it would go to the customer, a note as well."""
    meant = _read_line(mended, number, tags)
    is_heading = line.lstrip(f"{_BLANK}*_").startswith(tuple(HASHES))
    why = (
        "a blank stands behind the #, so that the line is text (a heading here begins with ##)" if is_heading else "a command begins with #"
    )
    if isinstance(meant, CommandFault):
        return replace(meant, text=f"{why}; {meant.text}")
    if meant.word in OPENING:
        return CommandFault(0, TORN_OPENING)
    return CommandFault(number, f"{why}; did you mean {meant}?", by_commands=True, better=str(meant))


def _argument_of(word: str, rest: str) -> str:
    """What stands behind a command: of a note words as they are written, of any other what it names."""
    meant = command_of(word)
    return rest.strip() if meant == "note" else rest.strip(_BLANK).rstrip("!;" if meant in TIMED else ".!;")


def _unknown(word: str, rest: str, number: int, tags: frozenset[str]) -> CommandFault:
    near = find_probable(word, tags)
    if not near:
        return CommandFault(number, f"there is no command #{word}", by_commands=True)
    meant, _, value = near.partition(" ")
    argument = _argument_of(meant, rest)
    is_lost = command_of(meant) in ALONE and any(map(str.isalnum, argument))
    takes_it = not argument or not (near in tags or value)
    better = f"#{near} {argument}".rstrip() if takes_it and not is_lost else ""
    return CommandFault(number, f"there is no command #{word}; did you mean #{near}?", by_commands=not is_lost, better=better)
