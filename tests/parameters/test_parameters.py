"""Settings are checked, parameter files hold the paper's values, broken files say what broke."""

from __future__ import annotations

import dataclasses
import math

import pytest

from crt_plugin.errors import CRTError, ParameterError
from crt_plugin.features import pipeline
from crt_plugin.parameters import (
    Parameters,
    load_parameters,
    parameter_directory,
    parameter_names,
)
from crt_plugin.parameters.paper import FAMILIES

NAMES = [field.name for field in dataclasses.fields(Parameters)]
TYPES = {field.name: field.type for field in dataclasses.fields(Parameters)}
FLOATS = [name for name in NAMES if TYPES[name].startswith("float")]
INTEGERS = [name for name in NAMES if TYPES[name].startswith("int")]
TEXTS = [name for name in NAMES if TYPES[name] == "str" or TYPES[name].startswith("Literal")]
OPTIONAL = {
    "vgg_shallow_layer",
    "network_std",
    "filter_window",
    "history_ages",
    "ensemble",
    "rotation_step",
    "score_exponent",
    "score_midpoint",
    "score_shape_weight",
    "score_color_weight",
    "lost_score",
}

# Impossible values of the right type, for every setting that has any
IMPOSSIBLE = {
    "filter_cells": [0, -100.0],
    "patch_width": [0, 1, 2, 8, -9],
    "patch_height": [0, 1, 4, -5],
    "vgg_layer": [0, 1, 3, 14, -2],
    "initial_filter": ["", "random"],
    "frame_noise": [-0.01, 1.01],
    "ensemble": ["", "hog+", "hog+hog", "hog plus_vgg", "hog,plus_vgg", "hgo", "hog.py"],
    "history_ages": ["", "3+1", "2+2", "0+10000", "0,4", "now"],
    "mobilenet_blocks": ["", "0", "18", "13+6", "6+6", "6+", "6,13", "six"],
    "mobilenet_output": ["", "both"],
    "mobilenet_density": ["", "both"],
    "mobilenet_stride": [0, 2, 12, 64],
    "engine": ["", "onnx"],
    "backbone_stride": [0, -8],
    "pca_channels": [0, -64],
    "feature_std": [0, -100.0],
    "loss_threshold": [-0.1],
    "loss_exponent": [-1.0],
    "loss_factor": [0, -0.1],
    "regularization": [-1e3],
    "label_sigma": [0, -0.1],
    "optimizer": ["", "Adam", "rmsprop"],
    "train_learning_rate": [0, -2e-8],
    "train_steps": [0, -1],
    "stop_loss": [-0.02],
    "motion_sigma": [0, -0.6],
    "scale_count": [0, 2, -3],
    "scale_step": [-0.02, 0.51],
    "scale_step_pixels": [-1.0],
    "confidence_threshold": [-0.1, 1.1],
    "update_learning_rate": [0, -5e-9],
    "update_steps": [0, -2],
    "history_length": [0, -5],
    "history_gap": [0, -2],
    "search": ["", "two_steps"],
    "scale_margin": [0, -8],
    "scale_interval": [0, -1],
    "subcell": ["", "parabola"],
    "features": ["", "vg", "hog+hog", "hog+", "hog rgb"],
    "vgg_shallow_layer": [-1, 2, 3, 13],
    "network_std": [-127.0],
    "filter_window": [-0.6],
    "score_exponent": [-1.0],
    "score_midpoint": [-0.1],
    "score_shape_weight": [-1.0],
    "score_color_weight": [-4.0],
    "lost_score": [-0.1, 1.1],
    "lost_frames": [0, -3],
    "found_score": [-0.1, 1.1],
    "found_cells": [0, -1],
    "rotation_step": [-6.0, 46],
    "pose_threshold": [-0.1, 1.1],
    "rotation_interval": [0, -1],
    "rotation_penalty": [-0.1, 1.1],
    "pose_refinement": ["", "gaussian"],
    "device": ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:01", "cuda:²", "mps", "CPU"],
    "precision": ["", "half", "float64", "bf16", "Float32"],
    "seed": [-1],
}
# Any number is possible, or cannot be judged without loading a file
OPEN = {"vgg_weights", "mobilenet_weights", "color_names_table", "backbone"}


def rejects(name, value):
    """Setting ``name`` fails, names setting and value, and leaves the old value."""
    params = Parameters()
    before = getattr(params, name)
    with pytest.raises(ParameterError) as caught:
        setattr(params, name, value)
    message = str(caught.value)
    assert f"{name} = {value!r}" in message
    assert Parameters.describe(name)["expected"] in message
    assert getattr(params, name) == before


# --------------------------------------------------------------------------------- settings


def test_every_setting_is_tested_with_impossible_values_or_has_none():
    assert set(IMPOSSIBLE) | OPEN == set(NAMES)
    assert not set(IMPOSSIBLE) & OPEN


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in IMPOSSIBLE.items() for v in vs])
def test_impossible_values_are_rejected(name, value):
    rejects(name, value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [True, False, [1], 1j, b"cpu"])
def test_values_of_other_types_are_rejected(name, value):
    rejects(name, value)


@pytest.mark.parametrize("name", sorted(set(NAMES) - OPTIONAL))
def test_none_is_rejected_by_settings_that_cannot_be_off(name):
    rejects(name, None)


@pytest.mark.parametrize("name", sorted(OPTIONAL))
@pytest.mark.parametrize("off", [None, 0, 0.0])
def test_none_is_off_and_so_is_0_as_earlier_versions_wrote_it(name, off):
    params = load_parameters("plus_vgg")
    setattr(params, name, off)
    assert getattr(params, name) is None is getattr(Parameters(), name)


def test_all_impossible_values_are_named_at_once():
    with pytest.raises(ParameterError) as caught:
        Parameters(patch_width=4, seed=-1)
    said = "patch_width = 4; expected an odd integer >= 3; seed = -1; expected an integer >= 0"
    assert str(caught.value) == said
    with pytest.raises(ParameterError, match=said):
        Parameters().copy(patch_width=4, seed=-1)
    assert Parameters().copy(patch_width=3).patch_width == 3


def test_values_that_do_not_go_together_are_named_by_validate():
    params = load_parameters("plus_vgg")
    params.search, params.vgg_layer = "joint", 7
    with pytest.raises(ParameterError) as caught:
        params.validate()
    assert str(caught.value) == (
        "vgg_shallow_layer = 7 with vgg_layer = 7; expected None, or a layer before conv-7; "
        "rotation_step = 6.0 with search = 'joint'; expected None, or search = 'two_step'"
    )


def test_impossible_values_and_possible_ones_that_do_not_go_together_are_named_at_once():
    with pytest.raises(ParameterError) as caught:
        Parameters(seed=-1, vgg_layer=3, vgg_shallow_layer=7, rotation_step=6)
    assert str(caught.value) == (
        "vgg_layer = 3; expected one of 2, 4, 5, ..., 13; seed = -1; expected an integer >= 0; "
        "rotation_step = 6.0 with search = 'joint'; expected None, or search = 'two_step'"
    )


def test_a_file_with_several_errors_names_them_all(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        GOOD.replace("return Parameters(seed=11)", "p = Parameters()\n    p.seed = -1")
        + "    p.vgg_layer = 3\n    return p\n"
    )
    with pytest.raises(ParameterError, match=r"vgg_layer = 3; .*; seed = -1; "):
        load_parameters(path)


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("rotation_price", "rotation_penalty", 0.2),
        ("score_even", "score_midpoint", 0.3),
        ("vgg_std", "network_std", 100.0),
    ],
)
def test_an_old_name_is_read_with_a_warning(old, new, value, tmp_path):
    params = Parameters()
    with pytest.warns(FutureWarning, match=f"setting '{old}' is now '{new}'"):
        setattr(params, old, value)
    assert params.get(new) == value and params.has(old)
    path = tmp_path / "mine.py"
    path.write_text(
        "from crt_plugin.parameters import load_parameters\n\n"
        f"def parameters():\n    p = load_parameters('plus_vgg')\n    p.{old} = {value}\n"
        "    return p\n"
    )
    with pytest.warns(FutureWarning):
        assert load_parameters(path).get(new) == value


def test_a_setting_that_is_gone_names_what_stands_for_it():
    with pytest.raises(ParameterError, match="'score_slope' is gone; expected score_exponent"):
        Parameters(features="rgb").score_slope = 6.3


def test_values_of_earlier_versions_are_migrated():
    kept = {"rotation_price": 0.05, "rotation_step": 0.0, "filter_cells": 64.0, "of_others": 7}
    migrated = Parameters.migrate_values(kept | {"gone_and_off": None, "gone_and_0": 0.0})
    today = {"rotation_penalty": 0.05, "rotation_step": None, "filter_cells": 64.0, "of_others": 7}
    assert {name: migrated.pop(name) for name in today} == today
    assert migrated == {name: v for name, v in Parameters() if name not in today}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("seed", "3", 3),
        ("network_std", "127", 127.0),
        ("network_std", "None", None),
        ("device", "cpu", "cpu"),
    ],
)
def test_a_text_is_parsed_as_the_type_of_its_setting(name, text, value):
    assert Parameters().parse(name, text) == value
    with pytest.raises(ParameterError, match=r"seed = '1\.5'; expected a value of type int"):
        Parameters().parse("seed", "1.5")


def test_the_families_are_those_of_the_pipeline():
    assert set(pipeline.FAMILIES) == set(FAMILIES)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "0.1"])
def test_a_number_is_finite(name, value):
    rejects(name, value)


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("value", [3.0, "3", math.nan])
def test_an_integer_is_written_as_one(name, value):
    rejects(name, value)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [0, 1.5])
def test_a_text_is_a_text(name, value):
    rejects(name, value)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("vgg_layer", [2, 4, 7, 10, 13]),
        ("patch_width", [3, 11]),
        ("scale_count", [1, 5]),
        ("scale_step", [0.0, 0.5]),
        ("confidence_threshold", [0.0, 1.0]),
        ("loss_threshold", [0.0]),
        ("stop_loss", [0.0]),
        ("device", ["auto", "cpu", "cuda", "cuda:1"]),
        ("precision", ["auto", "float32", "bfloat16", "float16"]),
        ("optimizer", ["adam", "sgd"]),
    ],
)
def test_limits_are_accepted(name, values):
    params = Parameters()
    for value in values:
        setattr(params, name, value)
        assert getattr(params, name) == value


def test_an_integer_is_accepted_for_a_number_and_stored_as_one():
    params = Parameters(filter_cells=64)
    assert isinstance(params.filter_cells, float)


def test_impossible_values_are_rejected_by_the_constructor_and_by_copy_too():
    with pytest.raises(ParameterError, match="train_steps = 0"):
        Parameters(train_steps=0)
    with pytest.raises(ParameterError, match="train_steps = 0"):
        Parameters().copy(train_steps=0)


@pytest.mark.parametrize("use", ["set", "get", "copy", "describe"])
def test_an_unknown_name_is_an_error_that_lists_the_names(use):
    params = Parameters()
    attempts = {
        "set": lambda: setattr(params, "loss_treshold", 0.1),
        "get": lambda: params.get("loss_treshold"),
        "copy": lambda: params.copy(loss_treshold=0.1),
        "describe": lambda: Parameters.describe("loss_treshold"),
    }
    with pytest.raises(ParameterError) as caught:
        attempts[use]()
    assert str(caught.value) == ("unknown setting 'loss_treshold'; expected " + ", ".join(NAMES))
    assert not hasattr(params, "loss_treshold")


def test_get_and_has_as_pytracking_calls_them():
    params = Parameters(vgg_layer=7)
    assert params.get("vgg_layer") == params.get("vgg_layer", 99) == 7
    assert params.get("use_gpu", None) is None
    assert params.get("debug", 0) == 0
    assert params.has("vgg_layer") and not params.has("use_gpu")
    assert not params.has("get")
    with pytest.raises(ParameterError, match="one default at most, got 2"):
        params.get("debug", 0, 1)


def test_a_copy_is_independent_and_takes_changes():
    params = Parameters(seed=3)
    other = params.copy(vgg_layer=4)
    other.seed = 5
    assert (params.seed, params.vgg_layer) == (3, 10)
    assert (other.seed, other.vgg_layer) == (5, 4)
    assert params.copy() == params


def test_printed_parameters_hold_every_value_and_can_be_read_back():
    params = Parameters(features="hog", update_learning_rate=1e-8, seed=9)
    lines = str(params).splitlines()
    assert [line.split(" = ")[0] for line in lines] == NAMES
    assert "features = 'hog'" in lines and "update_learning_rate = 1e-08" in lines
    read: dict[str, object] = {}
    exec(str(params), {}, read)
    assert Parameters(**read) == params


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_described_and_its_default_accepted(name):
    facts = Parameters.describe(name)
    assert set(facts) == {"meaning", "unit", "raising", "source", "default", "expected"}
    assert facts["meaning"] and facts["unit"] and facts["expected"]
    assert facts["source"].split()[0] in ("paper", "reference", "ours")
    assert facts["default"] == repr(getattr(Parameters(), name))
    if name not in TEXTS and name != "seed":
        assert facts["raising"], "a quantity says what raising it does"


# -------------------------------------------------------------------------- parameter files

PAPER = {  # section 5.1, and eq. 3 to 5
    "loss_threshold": 0.1,
    "loss_exponent": 1.0,
    "regularization": 1e3,
    "optimizer": "adam",
    "train_learning_rate": 2e-8,
    "update_learning_rate": 5e-9,
    "patch_width": 9,
    "patch_height": 5,
    "label_sigma": 0.1,
    "motion_sigma": 0.6,
    "stop_loss": 0.02,
    "train_steps": 4000,
    "update_steps": 2,
    "history_length": 5,
    "pca_channels": 64,
}
FAST = {
    "filter_cells": 64.0,
    "patch_width": 5,
    "search": "two_step",
    "scale_interval": 2,
    "subcell": "gaussian",
    "loss_threshold": 0.0,
    "stop_loss": 0.01,
    "confidence_threshold": 0.0,
    "update_learning_rate": 2e-8,
}
PLUS_VGG = FAST | {
    "vgg_shallow_layer": 7,
    "network_std": 127.0,
    "scale_margin": 5,
    "scale_interval": 1,
    "rotation_step": 6.0,
    "rotation_penalty": 0.05,
    "pose_refinement": "parabola",
    "pose_threshold": 0.08,
    "confidence_threshold": 0.2,
    "score_exponent": 1.72,
    "score_midpoint": 0.189,
    "lost_score": 0.52,
    "lost_frames": 15,
    "found_score": 0.75,
}
LIGHT = PLUS_VGG | {
    "features": "mobilenet",
    "vgg_shallow_layer": None,
    "mobilenet_blocks": "6+13",
    "mobilenet_density": "interpolation",
    "mobilenet_stride": 8,
    "filter_window": 0.8,
    "initial_filter": "zero",
    "history_ages": "0+2+4+8+16+32+64",
    "pose_threshold": 0.2,
    "scale_margin": 3,
    "scale_interval": 2,
    "rotation_interval": 2,
    "scale_step": 0.03,
    "rotation_step": 12.0,
    "score_exponent": 2.38,
    "score_midpoint": 0.0561,
    "score_shape_weight": 1.16,
    "score_color_weight": 4.12,
    "lost_score": 0.5,
    "found_score": 0.9,
}
DIFFERENCES = {  # each file against the paper's best; tables 1, 2 and 3
    "default": {},
    "vgg_conv2": {"vgg_layer": 2},
    "vgg_conv4": {"vgg_layer": 4},
    "vgg_conv7": {"vgg_layer": 7},
    "vgg_conv10": {},
    "vgg_conv13": {"vgg_layer": 13},
    "hog": {"features": "hog", "feature_std": 200.0},
    "rgb": {"features": "rgb"},
    "color_names": {"features": "color_names"},
    "hog_color_names": {"features": "hog+color_names", "feature_std": 200.0},
    "no_mining": {"vgg_layer": 2, "loss_threshold": 0.0, "loss_exponent": 0.0},
    "no_mining_conv10": {"loss_threshold": 0.0, "loss_exponent": 0.0},
    "no_mining_same_fit": {
        "vgg_layer": 2,
        "loss_threshold": 0.0,
        "loss_exponent": 0.0,
        "stop_loss": 0.005,
    },
    "no_mining_conv10_same_fit": {
        "loss_threshold": 0.0,
        "loss_exponent": 0.0,
        "stop_loss": 0.005,
    },
    "last_frame": {"history_length": 1},
    "patch_7x5": {"vgg_layer": 2, "patch_width": 7},
    "patch_5x3": {"vgg_layer": 2, "patch_width": 5, "patch_height": 3},
    "patch_3x3": {"vgg_layer": 2, "patch_width": 3, "patch_height": 3},
    "reference_2018": {
        "loss_threshold": 0.0,
        "update_learning_rate": 1e-8,
        "confidence_threshold": 0.0,
        "stop_loss": 0.01,
    },
    "fast": FAST,
    "light": LIGHT,
    "plus": LIGHT | {"ensemble": "hog+plus_vgg"},
    "plus_vgg": PLUS_VGG,
}


def test_the_files_are_the_ones_that_are_documented():
    assert parameter_names() == sorted(DIFFERENCES)


@pytest.mark.parametrize("name", sorted(DIFFERENCES))
def test_a_file_holds_the_paper_s_values_but_for_what_it_is_about(name):
    params = load_parameters(name)
    best = {"features": "vgg", "vgg_layer": 10}
    for key, value in (PAPER | best | DIFFERENCES[name]).items():
        assert params.get(key) == value, key
    for key in set(NAMES) - set(PAPER | best | DIFFERENCES[name]):
        assert params.get(key) == Parameters().get(key), key


@pytest.mark.parametrize("name", sorted(set(DIFFERENCES) - {"default"}))
def test_a_file_sets_only_what_differs_each_with_its_source(name):
    text = (parameter_directory() / f"{name}.py").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("params.")]
    bases = {"plus_vgg": "fast", "light": "plus_vgg", "plus": "light", "hog_color_names": "hog"}
    base = bases.get(name, "default")
    assert f'load_parameters("{base}")' in text
    for line in lines:
        key = line.removeprefix("params.").split(" = ")[0]
        assert key in DIFFERENCES[name] or (name, key) == ("vgg_conv10", "vgg_layer"), line
        assert any(source in line for source in ("; paper", "; reference", "; ours")), line


def test_two_loads_are_independent():
    one = load_parameters("default")
    one.seed = 1
    assert load_parameters("default").seed == 0


# ------------------------------------------------------------------------------ broken files


def test_an_unknown_file_is_an_error_that_lists_the_files():
    with pytest.raises(ParameterError) as caught:
        load_parameters("defualt")
    message = str(caught.value)
    assert message.startswith("no parameter file 'defualt'; expected a path that ends in .py, or")
    assert message.endswith(", ".join(sorted(DIFFERENCES)))


GOOD = """
from crt_plugin.parameters import Parameters

def parameters():
    return Parameters(seed=11)
"""


def test_a_file_is_loaded_by_its_path_as_text_or_path(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(GOOD)
    assert load_parameters(path).seed == load_parameters(str(path)).seed == 11


def test_a_path_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ParameterError, match=r"no parameter file '.*nothing\.py'"):
        load_parameters(tmp_path / "nothing.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def parameters(:\n", "failed: SyntaxError"),
        ("x = 1\n", "failed: AttributeError: .*no attribute 'parameters'"),
        ("parameters = 3\n", "failed: TypeError: 'int' object is not callable"),
        ("def parameters():\n    return {'seed': 1}\n", r"returned {'seed': 1}, not a Parameters"),
        ("def parameters():\n    pass\n", "returned None, not a Parameters"),
        ("import no_such_module_at_all\n", "failed: ModuleNotFoundError"),
        ("def parameters():\n    return 1 / 0\n", "failed: ZeroDivisionError"),
        (GOOD.replace("seed=11", "sede=11"), "failed: TypeError: .*sede"),
        (GOOD.replace("seed=11", "seed=-1"), "seed = -1; expected an integer >= 0"),
        (
            GOOD.replace("return Parameters(seed=11)", "p = Parameters(); p.sede = 1; return p"),
            "unknown setting 'sede'; expected filter_cells",
        ),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(tmp_path, text, message):
    path = tmp_path / "broken.py"
    path.write_text(text)
    with pytest.raises(ParameterError, match=message) as caught:
        load_parameters(path)
    assert str(caught.value).startswith(str(path))
    assert isinstance(caught.value, (CRTError, ValueError))


def test_an_integer_beyond_the_floats_is_refused_like_any_other_value():
    with pytest.raises(ParameterError, match="filter_cells = 1000"):
        Parameters().filter_cells = 10**400


def test_the_repr_is_a_call_that_makes_the_same_settings():
    assert repr(Parameters()) == "Parameters()"
    changed = Parameters(features="hog", filter_window=0.5)
    assert repr(changed) == "Parameters(features='hog', filter_window=0.5)"
    for name in parameter_names():
        loaded = load_parameters(name)
        assert eval(repr(loaded)) == loaded
