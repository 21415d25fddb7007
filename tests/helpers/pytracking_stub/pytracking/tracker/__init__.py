"""Where the toolkit looks for trackers."""
