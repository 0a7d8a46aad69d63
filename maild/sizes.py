"""Sizes in words. Pure."""

_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def describe_size(octets: int) -> str:
    """In the largest unit that is not larger: `25 MiB`, `512 KiB`."""
    unit, name = next(((unit, name) for unit, name in _UNITS if octets >= unit), (1, "bytes"))
    return f"{octets / unit:.4g} {name}"
