"""How long to wait before the next try at a mailbox. Pure: chance and failures are passed in."""

RECONNECT_SECONDS = 0.5


def retry_delay(failures: int, first: float, longest: float, chance: float, asked: float | None = None) -> float:
    """Seconds to wait after that many failures in a row (1: the first), `chance` being a number from 0 to 1.

    A connection that broke after serving well is renewed at once; then `first`, doubling up to `longest`, up to a third shorter by chance
    so that many mailboxes do not come back together. `asked` is what the server wants (I22).
    """
    if asked is not None:
        return asked + first * chance
    if failures <= 1:
        return RECONNECT_SECONDS * (1 + chance)
    delay = min(longest, first * 2.0 ** min(failures - 2, 30))
    return float(delay * (1 - chance / 3))
