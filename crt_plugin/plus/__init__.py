"""What this package adds to the paper: each a setting, off in the paper's files."""
