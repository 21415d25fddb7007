"""Datasets: which there are, and what a folder holds of one."""
