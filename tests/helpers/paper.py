"""Scores of made-up trackers, and the parameter file of a fast tracker."""

import numpy as np

from crt_plugin.benchmark.results.scores import Score, SequenceScore


def score(tracker, aucs):
    """A tracker by its AUC on each sequence; OS is 0.1 above it, DP 0.1 below, fps 2."""
    each = {n: SequenceScore(v, v + 0.1, v - 0.1, 2.0) for n, v in aucs.items()}
    means = [float(np.mean([getattr(s, f) for s in each.values()])) for f in ("auc", "os", "dp")]
    return Score(tracker, *means, 2.0, each)


def quick_parameters(folder):
    """Write a parameter file with raw colours and two training steps; returns its path."""
    file = folder / "quick.py"
    file.write_text(
        "from crt_plugin.parameters import load_parameters\n\n\n"
        "def parameters():\n"
        "    return load_parameters('rgb').copy(train_steps=2, filter_cells=25.0, patch_width=5)\n"
    )
    return str(file)
