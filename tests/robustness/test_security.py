"""No input is executed: calls that the code must not make, and attempted attacks."""

from __future__ import annotations

import ast
import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from crt_plugin.benchmark.results.responses import ResponseMaps
from crt_plugin.errors import FeatureError, ParameterError, WeightsError
from crt_plugin.features.color import ColorNames
from crt_plugin.features.vgg_weights import PACKAGED, load_layers
from crt_plugin.parameters import Parameters, load_parameters, parameter_names
from tests.conftest import ROOT

# ------------------------------------------------------------------------- what the code calls

FOLDERS = ("crt_plugin", "parameters", "experiments")
FORBIDDEN_MODULES = {"cPickle", "dill", "joblib", "marshal", "pickle", "shelve"}
FORBIDDEN_CALLS = {"eval", "exec", "os.popen", "os.system", "yaml.load", "yaml.unsafe_load"}
FORBIDDEN_CALLS |= {"yaml.full_load", "tempfile.mktemp"}
EXCEPTION = ("pickle", "UnpicklingError")  # raised by torch.load: caught by name, reads nothing


def offences(source: str) -> list[str]:
    """Find the calls and imports in a file that the package must not contain."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom):
            found += [
                f"from {node.module} import {alias.name}"
                for alias in node.names
                if node.module in FORBIDDEN_MODULES and (node.module, alias.name) != EXCEPTION
            ]
        elif isinstance(node, ast.Call):
            found += _offences_of_call(node)
    return found


def _offences_of_call(call: ast.Call) -> list[str]:
    name = ast.unparse(call.func)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    found = [name] if name in FORBIDDEN_CALLS else []
    if given.get("shell", "False") != "False":
        found.append(f"{name}(shell={given['shell']})")
    if given.get("allow_pickle", "False") != "False":
        found.append(f"{name}(allow_pickle={given['allow_pickle']})")
    if name in ("np.load", "numpy.load") and "allow_pickle" not in given:
        found.append(f"{name} without allow_pickle=False")
    if name == "torch.load" and given.get("weights_only") != "True":
        found.append("torch.load without weights_only=True")
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_runs_what_it_reads(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    found = {str(file): offences(file.read_text(encoding="utf-8")) for file in files}
    assert not {file: each for file, each in found.items() if each}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "from marshal import loads",
        "eval('1')",
        "exec('x = 1')",
        "import os; os.system('ls')",
        "import yaml; yaml.load(text, Loader=yaml.Loader)",
        "subprocess.run('ls', shell=True)",
        "subprocess.run('ls', shell=wanted)",
        "np.load(file, allow_pickle=True)",
        "np.load(file)",
        "torch.load(file)",
        "torch.load(file, weights_only=False)",
    ],
)
def test_the_scan_sees_each_of_them(source):
    assert offences(source)


def test_the_scan_passes_what_is_safe():
    assert not offences(
        "from pickle import UnpicklingError\nnp.load(f, allow_pickle=False)\n"
        "torch.load(f, weights_only=True)\nyaml.safe_load(t)\nmodel.eval()\nsubprocess.run(['ls'])"
    )


# ------------------------------------------------------------------------- attacks by files


class Attack:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def marker(tmp_path):
    """The file that a successful attack would create."""
    path = tmp_path / "attacked"
    yield path
    assert not path.exists()


def test_the_attack_would_work(tmp_path):
    pickle.loads(pickle.dumps(Attack(tmp_path / "here")))
    assert (tmp_path / "here").exists()


def vgg(file):
    return load_layers(Parameters().copy(vgg_layer=2, vgg_weights=str(file)))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_malicious_weights_are_refused(tmp_path, marker, zipped, inside):
    """Alone, and among the real weights; in both formats of torch.save."""
    file = tmp_path / "weights.pth"
    attack = Attack(marker)
    content = {**load_file(PACKAGED), "extra": attack} if inside else attack
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match="cannot be read"):
        vgg(file)


def test_a_bare_pickle_as_weights_is_refused(tmp_path, marker):
    file = tmp_path / "weights.pth"
    file.write_bytes(pickle.dumps(Attack(marker)))
    with pytest.raises(WeightsError, match="cannot be read"):
        vgg(file)


@pytest.mark.parametrize("value", [3, "text", None, [1.0]])
def test_weights_that_are_no_tensors_are_refused(tmp_path, value):
    torch.save({"features.0.weight": value}, tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match=r"features\.0\.weight of VGG-16 conv-1 must be"):
        vgg(tmp_path / "weights.pth")


def test_damaged_weights_are_named(tmp_path, rng):
    """Whichever byte is wrong: a named error, or weights of the right shapes."""
    file = tmp_path / "weights.pth"
    state = {key: tensor for key, tensor in load_file(PACKAGED).items() if key < "features.3"}
    torch.save({key: state[key] for key in state if key.split(".")[1] in "02"}, file)
    whole = file.read_bytes()
    ends = np.concatenate([rng.integers(0, 2000, 60), len(whole) - rng.integers(1, 1500, 60)])
    for place in ends:
        damaged = bytearray(whole)
        damaged[place] ^= int(rng.integers(1, 256))
        file.write_bytes(damaged)
        try:
            vgg(file)
        except WeightsError as error:
            assert "weights.pth" in str(error)


def test_a_malicious_table_of_colours_is_refused(tmp_path, marker):
    file = tmp_path / "w2c.npy"
    np.save(file, np.array([Attack(marker)], dtype=object), allow_pickle=True)
    with pytest.raises(FeatureError, match="numpy cannot read it"):
        ColorNames(str(file))


def test_malicious_response_maps_are_refused(tmp_path, marker):
    array = io.BytesIO()
    np.save(array, np.array([Attack(marker)], dtype=object), allow_pickle=True)
    file = tmp_path / "Deer.npz"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("maps", "low", "high", "patch_rects", "angles", "cells", "filter_size"):
            archive.writestr(f"{name}.npy", array.getvalue())
    with pytest.raises(OSError, match="cannot be read as response maps"):
        ResponseMaps.load(file)


# -------------------------------------------------------------------------- parameter files


def hostile_parameters(folder: Path, marker: Path) -> Path:
    """Write a parameter file that leaves a trace when it is run."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "evil.py"
    file.write_text(f"import os\nos.mkdir({str(marker)!r})\n")
    return file


@pytest.mark.parametrize("form", ["evil", "./evil", "results/evil", "{up}/evil", "{here}/evil"])
def test_only_packaged_names_and_explicit_paths_load(tmp_path, monkeypatch, marker, form):
    """No name, relative or absolute or with "..", leads out of the package's folder."""
    folder = tmp_path / "results"
    hostile_parameters(folder, marker)
    hostile_parameters(tmp_path, marker)
    monkeypatch.chdir(tmp_path)
    packaged = Path(load_parameters.__globals__["parameter_directory"]())
    name = form.format(up=os.path.relpath(folder, packaged), here=folder)
    with pytest.raises(ParameterError, match="no parameter file"):
        load_parameters(name)


def test_a_packaged_name_is_not_looked_up_here(tmp_path, monkeypatch, marker):
    hostile_parameters(tmp_path, marker).rename(tmp_path / "hog.py")
    monkeypatch.chdir(tmp_path)
    assert load_parameters("hog").features == "hog"
    assert "hog" in parameter_names()


def test_results_with_a_parameter_file_in_them(tmp_path, monkeypatch, no_curves, marker):
    """Importing, listing and reporting leave it alone, whatever its name."""
    from crt_plugin.benchmark.results.importing.published import (
        import_results,
        published_names,
        published_part,
    )
    from crt_plugin.benchmark.results.scores import score_results

    theirs, boxes = tmp_path / "theirs", "1,2,3,4\n" * 3
    for place in (theirs, theirs / "CRT-evil", theirs / "parameters"):
        hostile_parameters(place, marker)
    (theirs / "CRT-evil" / "Deer.txt").write_text(boxes)
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "Deer.txt").write_text(boxes)
    done = import_results(theirs, tmp_path / "results", tmp_path / "truth")
    assert done.sequences == {("OTB2015", "CRT-evil"): ["Deer"]}
    folder = tmp_path / "results" / "OTB2015"
    for place in (folder, folder / "CRT-evil", tmp_path / "results"):
        hostile_parameters(place, marker)
        hostile_parameters(place, marker).rename(place / "parameters.py")
    monkeypatch.chdir(folder)
    part = published_part(tmp_path / "results", tmp_path / "truth", tmp_path / "reports")
    assert published_names(tmp_path / "results") == ["CRT-evil"]
    assert [score.tracker for score in score_results(part, ["CRT-evil"]).scores] == ["CRT-evil"]
