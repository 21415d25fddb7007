"""Pictures are written, and hold what they were given; looked at by hand before a release."""

from crt_plugin.bench.measurement_tables import name_results, tabulate_results
from crt_plugin.bench.pictures import draw_growth, draw_speed
from tests.helpers.figures import figures

__all__ = ["figures"]  # a fixture

POINTS = {
    "crt:a": (1.0, 0.6),
    "crt:b": (1.2, 0.5),
    "opencv:c": (100.0, 0.3),
    "crt:d": (90.0, 0.4),
    "crt:e": (10.0, 0.2),
}


def test_speed_against_accuracy(figures, tmp_path):
    draw_speed(POINTS, "some title", tmp_path / "speed.png")
    (figure,) = figures
    (axes,) = figure.axes
    drawn = {tuple(c.get_offsets()[0].tolist()) for c in axes.collections}
    assert drawn == set(POINTS.values())
    assert axes.get_title() == "some title" and axes.get_xscale() == "log"
    names = {text.get_text(): text.get_va() for text in axes.texts}
    # Of those of about the same fps, the one with the highest AUC is named above it.
    assert {name: names[name] for name in ("a", "b", "opencv:c", "d", "e")} == {
        "a": "bottom",
        "b": "top",
        "opencv:c": "top",
        "d": "bottom",
        "e": "bottom",
    }
    assert (tmp_path / "speed.png").stat().st_size > 1000


def test_results_of_one_tracker_are_told_apart_by_precision_and_threads():
    """Where all have the same of both, the name is enough."""
    result = {"tracker": "crt:a", "precision": "float32", "threads": 1}
    assert name_results([result, result | {"tracker": "crt:b"}]) == ["crt:a", "crt:b"]
    others = [result, result | {"threads": 2}, result | {"precision": "bfloat16"}]
    assert name_results([*others, {"tracker": "regression"}]) == [
        "crt:a, float32, 1 thread",
        "crt:a, float32, 2 threads",
        "crt:a, bfloat16, 1 thread",
        "regression",
    ]


def test_a_single_tracker(figures, tmp_path):
    draw_speed({"crt:a": (1.0, 0.6)}, "one", tmp_path / "speed.png")
    assert "a" in [text.get_text() for text in figures[0].axes[0].texts]


def test_growth_has_a_panel_for_each_subject_that_was_measured(figures, tmp_path):
    results = [
        {"tracker": "crt:a", "object_ms": {"8": 1.0, "16": 2.0}},
        {"tracker": "crt:b", "object_ms": {"8": 3.0, "16": 4.0}},
        {"tracker": "crt:a", "length": [{"frame": 5, "ms": 6.0, "mib": None}]},
    ]
    draw_growth(results, tmp_path / "growth.png")
    (figure,) = figures
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "side of the object, px",
        "frame of the sequence",
    ]
    lines = [[line.get_ydata().tolist() for line in axes.lines] for axes in figure.axes]
    assert lines == [[[1, 2], [3, 4]], [[6]]]


def test_no_more_than_four_trackers_in_a_table():
    result = {"tracker": "crt:a", "threads": 1, "fps": 1.0, "stages_ms": {}, "init_ms": 1.0}
    found = tabulate_results([result | {"peak_mib": None}] * 5)
    assert [len(table.columns) for table in found] == [5, 2]
