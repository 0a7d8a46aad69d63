"""format=flowed (RFC 3676) unfolded: soft line breaks joined, stuffed blanks removed, quote depth kept. Linear."""


def unfold_flowed(text: str, delete_space: bool) -> str:
    """Paragraphs on one line each. `delete_space` is the DelSp parameter."""
    paragraphs: list[tuple[int, list[str]]] = []
    flows = False
    for line in text.split("\n"):
        depth, content = _split_quote(line)
        continues = flows and bool(content) and paragraphs[-1][0] == depth
        # RFC 3676 section 4.3: the signature separator is never a soft break.
        flows = content.endswith(" ") and content != "-- "
        piece = content[:-1] if flows and delete_space else content
        if continues and content != "-- ":
            paragraphs[-1][1].append(piece)
        else:
            paragraphs.append((depth, [piece]))
    return "\n".join(_join(depth, pieces) for depth, pieces in paragraphs)


def _split_quote(line: str) -> tuple[int, str]:
    """(quote depth, the line without its quote marks and its stuffed blank)."""
    content = line.lstrip(">")
    depth = len(line) - len(content)
    return depth, content.removeprefix(" ")


def _join(depth: int, pieces: list[str]) -> str:
    content = "".join(pieces)
    content = content if content == "-- " else content.rstrip(" ")
    return f"{'>' * depth} {content}".rstrip() if depth else content
