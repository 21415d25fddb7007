"""Which way round the ratios are: something slow is put on either side."""

import pytest
import torch
from PIL import Image

from crt_plugin.bench import stages, tracking
from crt_plugin.bench.naive import NaiveTracker
from tests.conftest import scene

LONG = 1000.0  # s, on a clock of its own
TICK = 0.001  # s, that everything else takes
QUICK = """
from crt_plugin.parameters import Parameters

def parameters():
    return Parameters().copy(
        vgg_layer=2, filter_cells=9.0, patch_width=3, patch_height=3, train_steps=2
    )
"""


@pytest.fixture
def sleep(monkeypatch):
    """Time as the stages see it: it goes on when they look at it, and when this is called."""
    now = [0.0]

    def look():
        now[0] += TICK
        return now[0]

    def go_on():
        now[0] += LONG

    monkeypatch.setattr(stages.time, "perf_counter", look)
    return go_on


@pytest.fixture
def measure_two_frames(tmp_path, monkeypatch):
    """Measure two frames in this process; the machine's rate of products is made up."""
    monkeypatch.setattr(tracking, "product_rate", lambda *_: 1e9)
    for k in range(5):
        Image.fromarray(scene(60 + k, 40)).save(tmp_path / f"{k}.png")
    (tmp_path / "quick.py").write_text(QUICK)

    def measure(parameters=str(tmp_path / "quick.py"), naive=True):
        return tracking.measure_tracker(
            parameters=parameters,
            precision="float32",
            source=str(tmp_path),
            box=[60, 40, 24, 16],
            frames=2,
            naive=naive,
            on_step=lambda _: None,
        )

    return measure


def test_a_slow_naive_tracker(measure_two_frames, monkeypatch, sleep):
    update = NaiveTracker.update
    monkeypatch.setattr(
        NaiveTracker, "update", lambda self, frame: (sleep(), update(self, frame))[1]
    )
    result = measure_two_frames()
    assert result["naive_ms"] == pytest.approx(1e3 * (LONG + TICK))
    assert result["naive_ratio"] == pytest.approx((LONG + TICK) / TICK)


def test_a_slow_network(measure_two_frames, monkeypatch, sleep):
    network = torch.nn.Conv2d(3, 1, 1)
    network.register_forward_hook(lambda *_: sleep())
    monkeypatch.setattr(tracking, "bare_network", lambda *_: network)
    result = measure_two_frames()
    assert result["bare_ms"] == pytest.approx(1e3 * (LONG + TICK))
    assert result["to_bare"] == pytest.approx(TICK / (LONG + TICK))


def test_a_slow_frame(measure_two_frames, monkeypatch, sleep):
    cut = tracking.CRTTracker._cut
    monkeypatch.setattr(tracking.CRTTracker, "_cut", lambda self, *a: (sleep(), cut(self, *a))[1])
    result = measure_two_frames()
    assert result["stages_ms"]["crop"] == pytest.approx(1e3 * (LONG + TICK))
    assert result["init_ms"] == pytest.approx(1e3 * (LONG + TICK))
    assert result["first_init_ms"] == pytest.approx(1e3 * (LONG + TICK))
    assert result["fps"] == pytest.approx(1 / LONG, rel=1e-3)
    assert result["to_bare"] == pytest.approx((LONG + TICK) / TICK)


def test_operations_and_steps_of_an_ensemble_are_sums_over_its_members(
    measure_two_frames, tmp_path
):
    changes = 'search="two_step", ensemble="vgg_conv2"'
    for name, text in (("lead", 'search="two_step"'), ("both", changes)):
        own = QUICK.replace("train_steps=2", f"train_steps=2, {text}")
        (tmp_path / f"{name}.py").write_text(own)
    files = (str(tmp_path / "lead.py"), "vgg_conv2", str(tmp_path / "both.py"))
    lead, member, both = (measure_two_frames(file, naive=False) for file in files)
    for key in ("operations", "steps"):
        assert 0 < lead[key] < member[key]
        assert both[key] == lead[key] + member[key]
