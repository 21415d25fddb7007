"""File formats of datasets, the same for every command."""
