"""The C library's allocator, told to hand large blocks back and to keep few heaps. Why: docs/decisions/18-large-blocks-go-back.md."""

from contextlib import suppress

M_MMAP_THRESHOLD = -3
"""mallopt(3): blocks of this size and more are mapped each for itself, and unmapped when they are freed."""
LARGE = 1024 * 1024
M_ARENA_MAX = -8
"""mallopt(3): into how many heaps threads allocate. By itself glibc gives sixteen threads one each, and what one frees no other uses."""
ARENAS = 2


def give_large_blocks_back() -> None:
    """For the rest of this process. Does nothing where the C library is not glibc, whose habit it mends, or cannot be called."""
    with suppress(ImportError, OSError, AttributeError, MemoryError):
        # Within, because some hardened systems refuse the very import: it makes memory that is both written and run.
        import ctypes

        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGE)
        library.mallopt(M_ARENA_MAX, ARENAS)
