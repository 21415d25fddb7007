"""What files of datasets look like; for every command the same."""
