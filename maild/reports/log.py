"""A ticket's log in words. Pure; how a line looks on a terminal is the command's."""

_RULE = "rule "


def describe_event(by: str, words: str) -> str:
    """What happened, on one line; by whom is said where it was not maild itself and the words do not say it already."""
    text = " ".join(words.split())
    if by.startswith(_RULE):
        return f"{by.removeprefix(_RULE)}: {text}"
    is_said = by in ("", "maild") or ("@" in by and by in text)
    return text if is_said else f"{by}: {text}"
