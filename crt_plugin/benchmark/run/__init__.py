"""Running trackers on a dataset."""
