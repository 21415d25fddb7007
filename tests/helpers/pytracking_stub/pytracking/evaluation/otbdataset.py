"""A list of sequences that may not all be there."""

import importlib

from pytracking.evaluation.tracker import Sequence


class OTBDataset:
    """OTB-100 of three targets."""

    def __init__(self):
        local = importlib.import_module("pytracking.evaluation.local")
        self.base_path = local.local_env_settings().otb_path
        self.sequence_info_list = [
            {"name": name, "path": f"{folder}/img", "anno_path": f"{folder}/{annotation}"}
            for name, folder, annotation in (
                ("Deer", "Deer", "groundtruth_rect.txt"),
                ("Jogging_1", "Jogging", "groundtruth_rect.1.txt"),
                ("Jogging_2", "Jogging", "groundtruth_rect.2.txt"),
            )
        ]

    def get_sequence_list(self):
        return [Sequence(info["name"], [], None) for info in self.sequence_info_list]
