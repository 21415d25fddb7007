"""CRT with got10k's own OTB experiment; copy it, and put your trackers into the list.

    python experiments/examples/otb.py OTB_FOLDER

got10k downloads what the folder lacks of OTB-100. For a folder that is to stay as it is, and for
other trackers beside CRT: crt evaluate --dataset otb --data OTB_FOLDER.
"""

import sys

from got10k.experiments import ExperimentOTB

from crt_plugin.hosts.got10k import GOT10kTracker


def main(root: str) -> None:
    """Run, then report to results/ and reports/."""
    trackers = [GOT10kTracker("default"), GOT10kTracker("hog")]
    experiment = ExperimentOTB(root, version=2015)
    for tracker in trackers:
        experiment.run(tracker)
    experiment.report([tracker.name for tracker in trackers])


if __name__ == "__main__":
    main(*sys.argv[1:])
