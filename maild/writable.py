"""Whether a file system takes anything new at all; whose files lie in it is another question."""

import os
from pathlib import Path


def is_read_only(folder: Path) -> bool:
    """Mounted so, or made so by the kernel after an error of the disk. False for a folder that is not there."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False
