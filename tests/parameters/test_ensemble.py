"""The settings of an ensemble are those of all its members."""

from __future__ import annotations

import itertools

import pytest

from crt_plugin.errors import ParameterError
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.parameters.ensemble import (
    find_differences,
    list_members,
    list_settings,
    migrate_settings,
)


def test_a_tracker_that_is_alone_is_its_only_member():
    params = load_parameters("hog")
    assert list_members(params) == {"lead": params}
    assert list_settings(params) == dict(params)


def test_members_have_the_settings_of_their_files_and_what_computes_of_the_lead():
    shared = {
        **{"device": "cpu", "precision": "float32", "engine": "openvino"},
        **{"seed": 5, "frame_noise": 0.1},
        **{"vgg_weights": "a", "mobilenet_weights": "b", "color_names_table": "c"},
    }
    members = list_members(load_parameters("plus").copy(**shared))
    assert list(members) == ["lead", "hog", "plus_vgg"]
    for name in ("hog", "plus_vgg"):
        assert members[name] == load_parameters(name).copy(**shared)
    assert members["lead"].copy(ensemble=None) == load_parameters("light").copy(**shared)


def test_settings_of_members_have_their_name_before_them():
    params = load_parameters("plus")
    listed = list_settings(params)
    assert len(listed) == 3 * len(dict(params))
    assert listed["features"] == "mobilenet" and listed["ensemble"] == "hog+plus_vgg"
    assert listed["hog.features"] == "hog" and listed["plus_vgg.vgg_shallow_layer"] == 7


def test_kept_settings_of_members_are_migrated_like_others():
    """``network_std`` was ``vgg_std``, and a setting that was not there yet has its default."""
    kept = list_settings(load_parameters("plus"))
    before = {key.replace("network_std", "vgg_std"): value for key, value in kept.items()}
    del before["hog.frame_noise"]
    assert before != kept
    assert migrate_settings(before) == kept
    assert migrate_settings({"plus_vgg.lost_score": 0, "seed": 0})["plus_vgg.lost_score"] is None


def test_a_member_has_no_ensemble_itself():
    params = load_parameters("light").copy(ensemble="hog+plus")
    for use in (list_members, list_settings):
        with pytest.raises(ParameterError, match=r"'hog\+plus': plus has an ensemble itself; exp"):
            use(params)


def test_a_file_whose_ensemble_is_unknown_is_refused_when_it_is_loaded(tmp_path):
    own = tmp_path / "own.py"
    text = "from crt_plugin.parameters import load_parameters\n\n\ndef parameters():\n    "
    own.write_text(text + 'return load_parameters("light").copy(ensemble="hog+hgo")\n')
    with pytest.raises(ParameterError, match=r"own.py: ensemble = 'hog\+hgo'; expected None, or n"):
        load_parameters(own)


def test_differences_are_named_but_for_members_that_one_lacks():
    settings = {
        name: list_settings(load_parameters("plus").copy(ensemble=name))
        for name in (None, "hog", "hog+plus_vgg")
    }
    for one, other in itertools.permutations(settings, 2):
        assert find_differences(settings[one], settings[other]) == ["ensemble"]
    changed = settings["hog"] | {"hog.feature_std": 50.0, "seed": 1}
    assert find_differences(settings["hog"], changed) == ["seed", "hog.feature_std"]
    assert find_differences({}, {"seed": 1}) == ["seed"]


def test_a_joint_search_has_no_ensemble():
    """It starts from the last box, which is the mean."""
    with pytest.raises(ParameterError, match="ensemble = 'hog' with search = 'joint'; expected No"):
        Parameters(ensemble="hog")
