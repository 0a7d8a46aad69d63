"""maild: an email-first help desk. `maild.pipeline` is the walk of one message; `docs/flow.md` tells it in half a page."""
