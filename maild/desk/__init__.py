"""The desk's own policies, pure: lifecycle, audience, commands."""
