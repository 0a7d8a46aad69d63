"""A reading worker that does what the message tells it to: die, hang, eat. Started by test_reader.py in place of the real one."""

import os
import time

from maild.ingest.errand import Answer, Errand, Opened
from maild.ingest.parse import open_message, parse_message
from maild.ingest.reading_process import main


def obey(errand: Errand) -> Answer:
    match errand.raw:
        case b"die":
            os._exit(9)
        case b"burn":
            while True:
                pass
        case b"sleep":
            time.sleep(600)
        case b"eat":
            hoard = bytearray(1024 * 1024 * 1024)
            raise AssertionError(f"there was room for {len(hoard)} bytes")
        case b"raise":
            raise LookupError("a parser's bug")
        case b"who":
            return Opened(parse_message(b""), {os.getpid(): b""})
    return open_message(errand.raw, with_files=errand.with_files)


if __name__ == "__main__":
    main(obey)
