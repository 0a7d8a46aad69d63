"""TNEF streams as Outlook writes them (MS-OXTNEF), for tests."""

import struct

MESSAGE_INTERFACE = bytes.fromhex("0703020000000000c000000000000046")


def stream(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def attribute(identifier: int, value: bytes, level: int = 2) -> bytes:
    return struct.pack("<BHHI", level, identifier, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def code_page(number: int) -> bytes:
    return attribute(0x9007, struct.pack("<I", number), level=1)


def a_file(name: bytes, content: bytes, *properties: bytes) -> bytes:
    """The attributes of one file."""
    mapi = [attribute(0x9005, struct.pack("<I", len(properties)) + b"".join(properties))] if properties else []
    return b"".join([attribute(0x9002, bytes(14)), attribute(0x8010, name + b"\0"), attribute(0x800F, content), *mapi])


def unicode_property(identifier: int, value: str) -> bytes:
    return measured(0x1F, identifier, value.encode("utf-16-le") + b"\0\0")


def measured(kind: int, identifier: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, identifier, 1, len(value)) + value + bytes(-len(value) % 4)


def number_property(identifier: int, value: int) -> bytes:
    return struct.pack("<HHI", 3, identifier, value)


def named_property(value: int) -> bytes:
    return struct.pack("<HH", 3, 0x8001) + bytes(16) + struct.pack("<II", 0, 7) + struct.pack("<I", value)
