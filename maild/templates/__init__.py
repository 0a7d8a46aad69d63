"""Packaged templates (<lang>/<kind>.*) and `render.py`, the Jinja2 door."""
