"""studies/ablation.py: its variants, its means over seeds, and what it says of one sequence."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from crt_plugin.benchmark.results.scores import Score, SequenceScore
from crt_plugin.parameters import load_parameters
from crt_plugin.runtime.python_files import bundled_folder, load_python_file


@pytest.fixture(scope="module")
def script():
    return load_python_file(bundled_folder("experiments") / "studies/ablation.py")


def run_of(tracker, **auc):
    each = {n: SequenceScore(value, value / 2, 1.0, 5.0, [], []) for n, value in auc.items()}
    score = Score(tracker, 0.0, 0.0, 0.0, None, each)
    return SimpleNamespace(report=SimpleNamespace(scores=[score]))


def test_every_variant_changes_all_that_it_names(script):
    for of, variants in script.VARIANTS.items():
        own = load_parameters(of)
        for variant, changes in variants.items():
            for name, value in changes.items():
                assert getattr(own, name) != value, f"{variant} of {of} leaves {name}"
            own.copy(**changes)  # raises for what is no setting, or not accepted


def test_files_of_variants_hold_their_changes(script, tmp_path):
    files = script.write_variants(tmp_path, "plus_vgg", ["plus_vgg", "no_gate"])
    assert load_parameters("plus_vgg") == load_parameters(str(files["plus_vgg"]))
    without = load_parameters(str(files["no_gate"]))
    assert without == load_parameters("plus_vgg").copy(confidence_threshold=0.0)


def test_every_file_has_the_noise(script, tmp_path):
    files = script.write_variants(tmp_path, "light", ["light", "window_of_0.6"], 0.01)
    light = load_parameters("light").copy(frame_noise=0.01)
    assert load_parameters(str(files["light"])) == light
    assert load_parameters(str(files["window_of_0.6"])) == light.copy(filter_window=0.6)


def test_means_are_over_seeds_of_each_sequence(script):
    merged = script.average_over_seeds(
        [run_of("CRT-plus", a=0.2, b=0.4), run_of("CRT-plus-seed1", a=0.4, b=0.8)]
    )
    assert list(merged) == ["plus"]
    assert merged["plus"]["a"] == pytest.approx([0.3, 0.15, 1.0])
    assert merged["plus"]["b"] == pytest.approx([0.6, 0.3, 1.0])


def test_a_change_is_that_of_pairs(script):
    """0.3 on one and 0.1 on the other: every draw's mean is between them."""
    values, base = {"a": 0.8, "b": 0.4}, {"a": 0.5, "b": 0.3}
    assert script.show_value(values, base) == "0.600\n+0.200 [+0.100, +0.300]"
    assert script.show_value(values, None) == "0.600"
    assert script.show_value({"a": 0.8}, base) == "0.800"  # no pairs to draw from


def test_what_was_chosen_without_each_sequence_is_shown(script):
    console = Console(file=io.StringIO(), width=200)
    scores = {"plus": {"a": 0.5, "b": 0.5}, "other": {"a": 0.9, "b": 0.3}}
    script.show_held_out(scores, "plus", None, console)
    shown = console.file.getvalue()
    assert "best of all: other, AUC 0.600; held out 0.400" in shown  # plus for a, other for b
    assert "held out against plus: -0.100 [" in shown  # 0 on a, -0.2 on b
    assert "a plus, b other" in shown


def test_folds_are_taken_together(script):
    console = Console(file=io.StringIO(), width=200)
    scores = {"plus": dict.fromkeys("abcd", 0.5), "other": {"a": 0.9, "b": 0.4, "c": 0.9, "d": 0.4}}
    script.show_held_out(scores, "plus", 2, console)
    assert "a plus, b other, c plus, d other" in console.file.getvalue()


def test_one_sequence_cannot_be_left_out(script):
    console = Console(file=io.StringIO(), width=200)
    script.show_held_out({"plus": {"a": 0.5}, "other": {"a": 0.6}}, "plus", None, console)
    assert console.file.getvalue().startswith("not cross-validated: 1 sequences are common to")
