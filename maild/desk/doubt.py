"""Doubts about a mail's sender (MAIL.md S2, S3): what is said of them to people. Pure."""

from maild.message import AuthResult
from maild.reading import Reading


def describe_proof(reading: Reading) -> str:
    """What is proved of the sender, to stand behind his name in the log; empty where nobody has judged him."""
    authentication = reading.sender.authentication
    return "" if authentication.verdict is AuthResult.UNKNOWN else f" ({authentication})"
