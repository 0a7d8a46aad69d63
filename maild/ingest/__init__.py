"""Mail in: the doors (imap, parse) and the pure reading of one message."""
