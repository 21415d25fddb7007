"""What "auto" means on this machine and on simulated ones."""

from __future__ import annotations

import contextlib
import logging

import pytest
import torch

from crt_plugin.errors import ParameterError
from crt_plugin.runtime import device as machine
from crt_plugin.runtime.device import choose_device, choose_precision, explain_precision
from crt_plugin.runtime.environment import describe_machine

CPU = torch.device("cpu")
CUDA = torch.device("cuda")


@pytest.fixture
def simulate(monkeypatch):
    """Simulate a number of GPUs, whether they compute in bfloat16, and a CPU's capabilities."""

    def set_up(gpus=0, gpu_bfloat16=False, cpu=()):
        def is_bf16_supported(including_emulation=True):
            return including_emulation or gpu_bfloat16

        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.cuda, "device", contextlib.nullcontext)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_bf16_supported)
        capabilities = {"amx_bf16": False, "avx2": True} | dict.fromkeys(cpu, True)
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)

    return set_up


@pytest.mark.parametrize(("gpus", "expected"), [(0, "cpu"), (1, "cuda"), (2, "cuda")])
def test_auto_device_is_cuda_if_there_is_one(simulate, gpus, expected):
    simulate(gpus=gpus)
    assert choose_device("auto") == torch.device(expected)
    assert choose_device("cpu") == CPU


def test_a_cuda_device_is_taken_by_number(simulate):
    simulate(gpus=2)
    assert choose_device("cuda") == CUDA
    assert choose_device("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize(
    ("gpus", "name", "accepted"),
    [
        (0, "cuda", "auto, cpu"),
        (0, "cuda:0", "auto, cpu"),
        (2, "cuda:2", "auto, cpu, cuda:0, cuda:1"),
    ],
)
def test_a_cuda_device_that_is_not_there_is_an_error(simulate, gpus, name, accepted):
    simulate(gpus=gpus)
    with pytest.raises(ParameterError, match=f"'{name}'.* sees {gpus} .*expected {accepted}$"):
        choose_device(name)


@pytest.mark.parametrize("flag", ["amx_bf16", "avx512_bf16", "bf16", "sve_bf16"])
def test_auto_precision_is_bfloat16_where_the_cpu_computes_in_it(simulate, flag):
    simulate(cpu=[flag])
    assert choose_precision("auto", CPU) == torch.bfloat16
    assert explain_precision(CPU) == f"bfloat16: this CPU computes in it ({flag})"


@pytest.mark.parametrize("flags", [[], ["avx512_f", "amx_tile", "avx512_fp16"]])
def test_auto_precision_is_float32_on_other_cpus(simulate, flags):
    simulate(cpu=flags)
    assert choose_precision("auto", CPU) == torch.float32
    assert explain_precision(CPU).startswith("float32: this CPU does not compute in bfloat16")


def test_auto_precision_is_float32_if_torch_cannot_tell(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert choose_precision("auto", CPU) == torch.float32


@pytest.mark.parametrize(
    ("gpu_bfloat16", "expected"), [(True, torch.bfloat16), (False, torch.float16)]
)
def test_auto_precision_on_a_gpu_counts_no_emulation(simulate, gpu_bfloat16, expected):
    simulate(gpus=1, gpu_bfloat16=gpu_bfloat16)
    assert choose_precision("auto", CUDA) == expected
    assert explain_precision(CUDA).startswith(str(expected).removeprefix("torch."))


@pytest.mark.parametrize(("name", "flag"), [("bfloat16", "amx_bf16"), ("float16", "avx512_fp16")])
def test_an_emulated_precision_is_taken_with_a_warning(simulate, caplog, name, flag):
    simulate()
    with caplog.at_level(logging.WARNING, logger=machine.__name__):
        assert choose_precision(name, CPU) == getattr(torch, name)
    assert len(caplog.records) == 1
    assert name in caplog.text and flag in caplog.text and "auto would take float32" in caplog.text


@pytest.mark.parametrize(
    ("name", "cpu"), [("bfloat16", ["avx512_bf16"]), ("float16", ["amx_fp16"]), ("float32", [])]
)
def test_a_precision_in_hardware_gives_no_warning(simulate, caplog, name, cpu):
    simulate(cpu=cpu)
    assert choose_precision(name, CPU) == getattr(torch, name)
    assert not caplog.records


def test_no_warning_for_a_gpu(simulate, caplog):
    simulate(gpus=1)
    assert choose_precision("bfloat16", CUDA) == torch.bfloat16
    assert not caplog.records


@pytest.mark.parametrize(
    ("machine", "told"),
    [
        ({"gpus": 1, "gpu_bfloat16": True}, "NVIDIA H200, bfloat16"),
        ({"gpus": 1}, "NVIDIA H200, float16"),
        ({"cpu": ["amx_bf16"]}, "cpu, bfloat16"),
        ({}, "cpu, float32"),
    ],
)
def test_results_tell_what_auto_meant(simulate, monkeypatch, machine, told):
    simulate(**machine)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H200")
    assert describe_machine()["auto"] == told
