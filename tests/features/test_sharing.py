"""Trackers of one process share the weights of the same network, and nothing else."""

from __future__ import annotations

import dataclasses
import gc
import multiprocessing
import os
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from safetensors.torch import load_file, save_file

from crt_plugin.errors import WeightsError
from crt_plugin.features import mobilenet_weights, pipeline
from crt_plugin.features.pipeline import FAMILIES, FeaturePipeline
from crt_plugin.parameters import Parameters
from crt_plugin.parameters.paper import FeatureSettings

CPU = torch.device("cpu")
SMALL = {"features": "mobilenet", "mobilenet_blocks": "3", "mobilenet_stride": 4}


def make(dtype=torch.float32, **changes):
    return FeaturePipeline(Parameters().copy(**SMALL | changes), CPU, dtype)


def is_shared(one, other):
    pairs = zip(one.extractors, other.extractors, strict=True)
    (found,) = {a is b for a, b in pairs}
    return found


@pytest.fixture
def patches(generator):
    return torch.randint(0, 256, (2, 40, 56, 3), dtype=torch.uint8, generator=generator)


def test_networks_of_the_same_settings_are_one(patches):
    one, other = make(pca_channels=8), make(pca_channels=8, feature_std=7.0, filter_cells=30.0)
    assert is_shared(one, other)
    first, _ = one.fit(patches[:1]), other.fit(patches[1:])
    assert torch.equal(one(patches[:1]), first)  # the reductions are each one's own
    assert not torch.equal(other(patches[:1]), first)


@pytest.mark.parametrize(
    "changes",
    [{"mobilenet_blocks": "2"}, {"mobilenet_output": "expansion"}, {"dtype": torch.bfloat16}],
)
def test_networks_of_other_settings_are_not(changes):
    assert not is_shared(make(), make(**changes))


def test_every_setting_of_the_features_is_of_a_family_or_of_the_pipeline():
    """One that were forgotten would give a tracker the network of another's settings."""
    of_families = {name for family in FAMILIES.values() for name in family.settings}
    of_pipeline = {"features", "pca_channels", "network_std", "feature_std"}
    assert of_families | of_pipeline == {f.name for f in dataclasses.fields(FeatureSettings)}
    assert not of_families & of_pipeline


class Reading:
    """Settings that note what is read from them."""

    def __init__(self, params):
        self.params, self.read = params, set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self.params, name)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_names_the_settings_that_it_reads(name):
    seen = Reading(Parameters().copy(backbone="torch.nn:Identity", vgg_layer=4))
    try:
        FAMILIES[name].make(seen, CPU, torch.float32)
    except Exception as error:  # noqa: BLE001  of nn.Identity, which has no stride
        assert name == "backbone", error
    assert seen.read == set(FAMILIES[name].settings)


def test_the_network_is_freed_with_its_last_user():
    make()
    gc.collect()
    before = len(pipeline._shared)
    kept = make(mobilenet_stride=8, mobilenet_blocks="5")
    assert len(pipeline._shared) == before + 1
    del kept
    gc.collect()
    assert len(pipeline._shared) == before


def test_a_file_that_has_changed_is_read_again(tmp_path, patches):
    file = tmp_path / "weights.safetensors"
    shutil.copy(mobilenet_weights.PACKAGED, file)
    one = make(mobilenet_weights=str(file))
    assert is_shared(one, make(mobilenet_weights=str(file)))
    tensors = load_file(file)
    save_file({name: tensor * 0.5 for name, tensor in tensors.items()}, file)
    os.utime(file, ns=(1, 1))
    other = make(mobilenet_weights=str(file))
    assert not torch.equal(one.extract(patches)[0], other.extract(patches)[0])
    file.unlink()
    with pytest.raises(WeightsError, match=r"weights\.safetensors"):
        make(mobilenet_weights=str(file))


@pytest.mark.parametrize(("content", "expected"), [("return Halving()", True), ("return 1", False)])
def test_a_module_of_the_user_s_is_made_once(tmp_path, monkeypatch, content, expected):
    (tmp_path / f"crt_shared_{expected}.py").write_text(
        "import torch\n\n\nclass Halving(torch.nn.AvgPool2d):\n"
        "    def __init__(self):\n        super().__init__(2)\n\n\n"
        f"def network():\n    {content}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings = {
        "features": "backbone",
        "backbone": f"crt_shared_{expected}:network",
        "backbone_stride": 2,
    }
    if not expected:  # refused each time
        for _ in range(2):
            with pytest.raises(ValueError, match="returned a int"):
                make(**settings)
        return
    one = make(**settings)
    assert is_shared(one, make(**settings))
    module = __import__(f"crt_shared_{expected}")
    module.network = lambda: module.Halving()  # as a notebook defines it again
    assert not is_shared(one, make(**settings))


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_threads_compute_with_one_network_at_the_same_time(patches, engine):
    if engine == "openvino":
        pytest.importorskip("openvino", reason="the extra engine is not installed")
    shared = make(engine=engine)
    parts = [patches[:, : 4 * k, : 4 * k] for k in (5, 6, 7, 8, 9, 10)] * 20
    alone = [shared.extract(part)[0] for part in parts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda part: make(engine=engine).extract(part)[0], parts))
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def _count(queue):
    queue.put(len(pipeline._shared))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_shares_nothing_with_its_parent():
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no fork")
    context = multiprocessing.get_context("fork")
    kept, queue = make(), context.Queue()
    child = context.Process(target=_count, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == 0
    child.join(60)
    assert pipeline._shared and kept.extractors


def test_a_pickle_has_the_reductions_and_not_the_weights(patches):
    one = make(pca_channels=8)
    fitted = one.fit(patches[:1])
    again = pickle.loads(pickle.dumps(one))
    assert is_shared(one, again)
    assert torch.equal(again(patches[:1]), fitted)
    assert len(pickle.dumps(make())) < 10_000
