"""What results rest on is told beside them, and results of other things are not mixed."""

import hashlib
import json
import logging
from dataclasses import replace

import pytest

import crt_plugin
from crt_plugin.benchmark.results import manifest
from crt_plugin.benchmark.results.manifest import Manifest, add_environment, keep_manifest
from crt_plugin.benchmark.run import evaluate
from crt_plugin.errors import SourceError, WeightsError
from crt_plugin.features import vgg_weights
from crt_plugin.features.network_weights import hash_weights
from crt_plugin.features.vgg_weights import PACKAGED
from crt_plugin.hosts.got10k import GOT10kTracker
from crt_plugin.parameters import Parameters, load_parameters
from crt_plugin.peers.published import Published
from crt_plugin.runtime.environment import describe_machine
from tests.conftest import QUICK
from tests.helpers.trackers import Still, run_quietly

pytestmark = pytest.mark.usefixtures("no_curves")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "OTB2015" / "CRT-rgb"


def crt(**changes):
    return GOT10kTracker("rgb", **{**QUICK, "train_steps": 3, **changes})


def change(folder, **values):
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_it_tells_everything(part, folder):
    run_quietly(part, crt(seed=4))
    told = json.loads((folder / "manifest.json").read_text())
    assert told["tracker"] == "CRT-rgb" and told["seed"] == 4 and told["weights"] == []
    assert told["parameters"] == dict(crt(seed=4).parameters)
    (environment,) = told["environments"]
    assert set(environment) == {"processor", "auto", "system", "python", "packages"}
    assert {"torch", "numpy", "got10k"} < set(environment["packages"])
    assert any(name.startswith("opencv") for name in environment["packages"])
    assert environment["packages"]["crt-plugin"] == crt_plugin.__version__
    assert Manifest.read(folder) == replace(Manifest.of(crt(seed=4)), environments=[environment])


def test_a_machine_that_made_nothing_is_not_named(part, folder, monkeypatch):
    run_quietly(part.only(["Couple"]), crt())
    here = Manifest.read(folder).environments
    elsewhere = {**here[0], "processor": "another"}
    monkeypatch.setattr(evaluate, "describe_machine", lambda: elsewhere)
    assert run_quietly(part.only(["Couple"]), crt()).kept == 1
    assert Manifest.read(folder).environments == here
    assert run_quietly(part, crt()).kept == 1
    assert Manifest.read(folder).environments == [*here, elsewhere]


def test_results_of_earlier_names_and_zeros_are_gone_on_with(part, folder):
    """As the version before wrote them."""
    run_quietly(part, crt(rotation_penalty=0.05, score_midpoint=0.1))
    kept = json.loads((folder / "manifest.json").read_text())["parameters"]
    before = {
        {"rotation_penalty": "rotation_price", "score_midpoint": "score_even"}.get(name, name): (
            0.0 if value is None else value
        )
        for name, value in kept.items()
    }
    change(folder, parameters=before)
    again = run_quietly(part, crt(rotation_penalty=0.05, score_midpoint=0.1))
    assert again.kept == 2
    with pytest.raises(SourceError, match="rotation_penalty = 0.05; now rotation_penalty = 0.1"):
        run_quietly(part, crt(rotation_penalty=0.1, score_midpoint=0.1))


def test_it_is_there_before_the_first_result(part, folder):
    class Looks(GOT10kTracker):
        def init(self, image, box):
            super().init(image, box)
            assert (folder / "manifest.json").is_file() and not list(folder.glob("*.txt"))

    done = run_quietly(part.only(["Deer"]), Looks("rgb", **QUICK, train_steps=3))
    assert not done.failures


def test_trackers_of_others_have_one_and_published_results_none(part, folder):
    run_quietly(part, Still(), Published("KCF"))
    kept = Manifest.read(folder.parent / "Still")
    assert kept.parameters is kept.weights is None and len(kept.environments) == 1
    assert not (folder.parent / "KCF").exists()


# ------------------------------------------------------------------------------------- resuming


def test_other_settings_are_refused_and_named(part, folder):
    run_quietly(part.only(["Couple"]), crt())
    before = (folder / "manifest.json").read_bytes()
    said = r"CRT-rgb holds results of other settings \(there train_steps = 3, seed = 0; now train_s"
    with pytest.raises(SourceError, match=said + r"teps = 4, seed = 2\); expected another folder"):
        run_quietly(part, crt(train_steps=4, seed=2))
    assert (folder / "manifest.json").read_bytes() == before
    assert not (folder / "Deer.txt").exists()


def test_another_tracker_of_the_same_name_is_refused(part):
    run_quietly(part.only(["Couple"]), crt())
    with pytest.raises(SourceError, match="other settings"):
        run_quietly(part, Still("CRT-rgb"))


def test_other_weights_are_refused_and_named(part, folder):
    run_quietly(part.only(["Couple"]), crt())
    change(folder, weights=["ab12"])
    with pytest.raises(SourceError, match=r"other weights \(SHA-256 there ab12; now none\)"):
        run_quietly(part, crt())
    run_quietly(part, crt(), overwrite=True)
    assert Manifest.read(folder).weights == []


def test_another_version_is_warned_of_and_named_in_the_manifest(part, folder, caplog):
    run_quietly(part.only(["Couple"]), crt())
    told = json.loads((folder / "manifest.json").read_text())["environments"][0]
    older = {**told, "packages": {**told["packages"], "torch": "1.0", "crt-plugin": "0.0.1"}}
    change(folder, environments=[older])
    caplog.set_level(logging.WARNING)
    assert run_quietly(part, crt()).kept == 1
    (message,) = caplog.messages
    assert "holds results of other versions (there crt-plugin = '0.0.1', torch = '1.0'; now" in (
        message
    )
    assert Manifest.read(folder).environments == [older, told]
    caplog.clear()
    run_quietly(part, crt())
    assert not caplog.messages and len(Manifest.read(folder).environments) == 2


def test_the_same_again_is_not_warned_of_and_writes_nothing(part, folder, caplog):
    run_quietly(part, crt())
    stamp = (folder / "manifest.json").stat().st_mtime_ns
    caplog.set_level(logging.WARNING)
    run_quietly(part, crt())
    assert not caplog.messages and (folder / "manifest.json").stat().st_mtime_ns == stamp


def test_results_with_only_their_settings_are_understood(part, folder, caplog):
    """As version 0.1.0 left them."""
    run_quietly(part.only(["Couple"]), crt())
    (folder / "manifest.json").unlink()
    (folder / "settings.txt").write_text(f"{crt().parameters}\n")
    with pytest.raises(SourceError, match="there train_steps = 3; now train_steps = 4"):
        run_quietly(part, crt(train_steps=4))
    caplog.set_level(logging.WARNING)
    assert run_quietly(part, crt()).kept == 1
    assert "(there unknown; now python = '3." in caplog.text
    kept = Manifest.read(folder)
    assert not (folder / "settings.txt").exists()
    assert kept.parameters == dict(crt().parameters) and kept.environments[0] == {}


def test_settings_that_an_earlier_version_lacked_are_off_in_its_results(part, folder):
    run_quietly(part.only(["Couple"]), crt())
    kept = json.loads((folder / "manifest.json").read_text())["parameters"]
    del kept["filter_window"], kept["mobilenet_blocks"]
    change(folder, parameters=kept)
    with pytest.raises(SourceError, match=r"there filter_window = None; now filter_window = 0\.6"):
        run_quietly(part, crt(filter_window=0.6))
    assert run_quietly(part, crt()).kept == 1


def test_results_that_nothing_is_known_of_stay_so(part, folder, caplog):
    run_quietly(part.only(["Couple"]), crt())
    (folder / "manifest.json").unlink()
    caplog.set_level(logging.WARNING)
    assert run_quietly(part, crt()).kept == 1
    assert "CRT-rgb holds results of unknown settings" in caplog.text
    assert not (folder / "manifest.json").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\x00\xfe", b"[1]", b'{"tracker": "x"', b'{"tracker": 3}', b'{"odd": 1}', b"null"]
    + [b'{"tracker": "x", "environments": [3]}', b'{"tracker": "x", "environments": {}}'],
)
def test_a_damaged_manifest_is_named(content, part, folder):
    run_quietly(part.only(["Couple"]), crt())
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(SourceError, match=r"manifest\.json is damaged \(.*expected another"):
        run_quietly(part, crt())
    assert not (folder / "Deer.txt").exists()


@pytest.mark.parametrize("content", ["seed", "seed = os.remove('x')", "seed = "])
def test_damaged_settings_are_named_and_not_executed(content, part, folder):
    run_quietly(part.only(["Couple"]), crt())
    (folder / "manifest.json").unlink()
    (folder / "settings.txt").write_text(content)
    with pytest.raises(SourceError, match=r"settings\.txt is damaged"):
        run_quietly(part, crt())


def test_a_change_in_the_file_of_a_member_is_other_settings(change_hog):
    before = Manifest.of(GOT10kTracker("plus"))
    assert not Manifest.of(GOT10kTracker("plus")).find_conflict(before)
    change_hog()
    assert Manifest.of(GOT10kTracker("plus")).find_conflict(before) == (
        "other settings (there hog.feature_std = 200.0; now hog.feature_std = 50.0)"
    )


def test_the_manifest_of_an_ensemble_is_read_back(tmp_path):
    written = Manifest.of(GOT10kTracker("plus"))
    written.write(tmp_path)
    assert Manifest.read(tmp_path) == written


# -------------------------------------------------------------------------------------- weights


def test_weights_of_an_ensemble_are_those_of_its_members():
    (light,), (vgg,) = (hash_weights(load_parameters(name)) for name in ("light", "plus_vgg"))
    assert Manifest.of(GOT10kTracker("plus")).weights == [light, vgg]


def test_hashes_of_weights(tmp_path, monkeypatch):
    packaged = hashlib.sha256(PACKAGED.read_bytes()).hexdigest()
    assert hash_weights(load_parameters("default")) == [packaged]
    assert hash_weights(load_parameters("hog")) == []
    files = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for file in files:
        file.write_bytes(file.name.encode() * 500_000)
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    monkeypatch.setenv(vgg_weights.ENVIRONMENT, ":".join(map(str, files)))
    assert hash_weights(Parameters().copy(features="vgg+hog", vgg_layer=2)) == hashes
    files[1].unlink()
    with pytest.raises(WeightsError, match=r"b\.safetensors cannot be read"):
        hash_weights(Parameters())


def test_settings_of_a_manifest_differ_only_where_they_are_known():
    one = Manifest("a", {"seed": 1}, 1, ["x"], [])
    assert not one.find_conflict(Manifest("a", {"seed": 1}, 1, None, []))
    assert not Manifest("a", {"seed": 1}, 1, None, []).find_conflict(one)
    assert one.find_conflict(Manifest("a", {"seed": 1}, 1, ["y"], [])).startswith("other weights")
    assert one.find_conflict(Manifest("a", {}, 1, ["x"], [])) == (
        "other settings (there unknown; now seed = 1)"
    )
    assert manifest.MANIFEST == "manifest.json"


# ------------------------------------------------------------------------------------ workers


def test_a_workers_environment_is_named_before_it_makes_anything(part, folder, caplog):
    """Each once; one with other versions is warned of."""
    tracker, here = crt(), describe_machine()
    keep_manifest(part, tracker)
    assert Manifest.read(folder).environments == []
    add_environment(part, tracker, here)
    assert Manifest.read(folder).environments == [here] and not caplog.messages
    elsewhere = {**here, "processor": "another"}
    add_environment(part, tracker, elsewhere)
    newer = {**here, "packages": {**here["packages"], "torch": "99.0"}}
    for _ in range(2):
        add_environment(part, tracker, newer)
    assert Manifest.read(folder).environments == [here, elsewhere, newer]
    (said,) = caplog.messages
    assert "CRT-rgb holds results of other versions" in said and "now torch = '99.0'" in said
    assert Manifest.read(folder).parameters == dict(tracker.parameters)


def test_results_without_a_manifest_get_none_by_a_worker(part, folder):
    run_quietly(part.only(["Couple"]), crt())
    (folder / "manifest.json").unlink()
    add_environment(part, crt(), {"processor": "another"})
    assert not (folder / "manifest.json").exists()
