"""The page of ``crt report``: what it shows, its files, and its scripts (``assets/``)."""
