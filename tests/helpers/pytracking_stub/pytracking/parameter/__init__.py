"""Where the toolkit looks for parameters."""
