"""Sequences shared among the workers of a Dask cluster."""
