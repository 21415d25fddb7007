"""CRT with got10k's own experiment on the validation part of GOT-10k; copy it.

    python experiments/examples/got10k_val.py GOT10K_FOLDER

The folder holds val/list.txt, and all or some of the sequences of that list.
"""

import sys

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.hosts.got10k import GOT10kTracker


def main(root: str) -> None:
    """Run, then report to results/ and reports/."""
    trackers = [GOT10kTracker("default"), GOT10kTracker("hog")]
    experiment = open_part("got10k", root, results="results", reports="reports").experiment
    for tracker in trackers:
        experiment.run(tracker)
    experiment.report([tracker.name for tracker in trackers])


if __name__ == "__main__":
    main(*sys.argv[1:])
