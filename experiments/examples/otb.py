"""CRT with got10k's own OTB experiment; copy it, and put your trackers into the list.

    python experiments/examples/otb.py OTB_FOLDER

got10k's ``ExperimentOTB(root)`` downloads what the folder lacks of OTB-100. ``open_part`` gives the
same experiment on the sequences that are there, as crt evaluate --data OTB_FOLDER does.
"""

import sys

from crt_plugin.benchmark.datasets.part import open_part
from crt_plugin.hosts.got10k import GOT10kTracker


def main(root: str) -> None:
    """Run, then report to results/ and reports/."""
    trackers = [GOT10kTracker("default"), GOT10kTracker("hog")]
    experiment = open_part("otb", root, results="results", reports="reports").experiment
    for tracker in trackers:
        experiment.run(tracker)
    experiment.report([tracker.name for tracker in trackers])


if __name__ == "__main__":
    main(*sys.argv[1:])
