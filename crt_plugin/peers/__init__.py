"""Other trackers under got10k's interface, and the registry that makes them by name."""
