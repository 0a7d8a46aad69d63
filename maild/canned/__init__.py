"""Canned answers: a desk's own files, and what is made of them."""
