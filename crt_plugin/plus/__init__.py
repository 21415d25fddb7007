"""Our extensions of the paper's tracker, each a setting that is off in the paper's files."""
