"""Where the toolkit looks for experiments."""
