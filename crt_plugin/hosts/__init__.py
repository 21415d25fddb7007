"""Thin adapters to the toolkits that people already have; nothing of the algorithm."""
