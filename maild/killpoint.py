"""Kill points: named moments of the walk at which a test lets this process die as if by a power cut (OPERATIONS 1.6, I5, T3).

`reach("receive.stored")` does nothing, unless the environment says MAILD_KILLPOINT=receive.stored, or receive.stored:3 for the third time
it gets there: then the process ends by SIGKILL, with nothing flushed, rolled back or said goodbye to.

It stands in production code because no test can hit these moments from outside: between a commit and the next command to a server lie
microseconds. What is promised about crashes is shown on the code that runs, not on a copy with holes.
"""

import os
import signal
from itertools import count

_name, _, _times = os.environ.get("MAILD_KILLPOINT", "").partition(":")
_visits = count(1)


def reach(point: str) -> None:
    """This process has come to the point, and dies here if it was told to."""
    if point == _name and next(_visits) == int(_times or 1):
        os.kill(os.getpid(), signal.SIGKILL)
