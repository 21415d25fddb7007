"""Several trackers over a dataset: run by got10k's experiments, scored by got10k's metrics.

``run.evaluate`` does it all. ``datasets`` says which benchmarks there are and which part of one a
folder holds, ``run.protocols`` starts trackers beside the first box and in later frames,
``results`` keeps, scores and imports result files, ``cluster`` shares the sequences among workers.
"""
