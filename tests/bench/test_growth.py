"""Sizes are compared on the most expensive frame that the settings allow."""

from PIL import Image

from crt_plugin.bench import growth
from crt_plugin.plus.tracker import CRTTracker
from tests.conftest import scene

ENSEMBLE = """
from crt_plugin.parameters import load_parameters

def parameters():
    return load_parameters("light").copy(ensemble="hog")
"""


def test_every_member_trains_for_one_step_and_learns_from_each_frame(tmp_path, monkeypatch):
    """Else a size in which one of them trains longer, or learns less often, would be another."""
    seen = []

    class Watched(CRTTracker):
        def update(self, image):
            box = super().update(image)
            steps = [member.training.steps for member in self.members.values()]
            gates = [member.params.confidence_threshold for member in self.members.values()]
            seen.append((steps, gates))
            return box

    monkeypatch.setattr(growth, "CRTTracker", Watched)
    monkeypatch.setattr(growth, "ROUNDS", 1)
    (tmp_path / "frames").mkdir()
    Image.fromarray(scene(60, 40)).save(tmp_path / "frames/0.png")
    (tmp_path / "both.py").write_text(ENSEMBLE)
    arguments = (str(tmp_path / "both.py"), "float32", str(tmp_path / "frames"), [60, 40, 24, 16])
    cases = {"small": ((160, 120), 20), "large": ((320, 240), 40)}
    result = growth.measure_sizes("object", cases, *arguments, lambda _: None)
    assert set(result["object"]) == {"small", "large"}
    assert seen == [([1, 1], [0.0, 0.0])] * 6
