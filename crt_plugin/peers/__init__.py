"""Other trackers under got10k's interface."""
