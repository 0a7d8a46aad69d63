"""Whether a reader takes linear time: ten times as much may take about ten times as long, never a hundred times (MAIL.md P2, P8)."""

import gc
from collections.abc import Callable
from time import process_time
from typing import TypeVar

SMALL, LARGE = 3_000, 30_000
MOST_TIMES_AS_LONG = 30
TOO_QUICK_TO_TELL = 0.05
TRIES = 4

Read = TypeVar("Read")


def is_linear(read: Callable[[Read], object], of_size: Callable[[int], Read]) -> bool:
    """`of_size` gives something to read of about so many characters. What is read in an instant needs no comparison.

    A busy machine may disturb one comparison or two. What takes the square fails them all.
    """
    small, large = of_size(SMALL), of_size(LARGE)
    return any(_is_in_proportion(read, small, large) for _ in range(TRIES))


def _is_in_proportion(read: Callable[[Read], object], small: Read, large: Read) -> bool:
    long = _seconds(read, large)
    return long < TOO_QUICK_TO_TELL or long < MOST_TIMES_AS_LONG * _seconds(read, small)


def _seconds(read: Callable[[Read], object], given: Read) -> float:
    """Of the CPU, without the garbage collector, whose time depends on all else that lives."""
    gc.disable()
    try:
        began = process_time()
        read(given)
        return process_time() - began
    finally:
        gc.enable()
