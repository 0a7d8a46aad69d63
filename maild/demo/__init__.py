"""`maild demo`: a desk to play with, and the small world around it."""
