"""Device and number type to compute with, and what "auto" means on this machine."""

from __future__ import annotations

import logging
import os

import torch

from crt_plugin.errors import ParameterError

logger = logging.getLogger(__name__)

# CPU capabilities, x86 and ARM, under torch's names, that provide arithmetic in a type
CPU_SUPPORT = {
    torch.float32: (),
    torch.bfloat16: ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16"),
    torch.float16: ("amx_fp16", "avx512_fp16", "fp16_arith"),
}


def choose_device(name: str) -> torch.device:
    """Device for a value of the setting ``device``; "auto" is cuda if there is one, else cpu.

    Raises:
        ParameterError: a CUDA device that this machine does not have.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if count else "cpu")
    if name != "cpu" and int(name.partition(":")[2] or 0) >= count:
        raise ParameterError(
            f"device = {name!r}: torch {torch.__version__} sees {count} CUDA devices here; "
            "expected auto, cpu" + "".join(f", cuda:{i}" for i in range(count))
        )
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Number type of the network features, for a value of the setting ``precision``.

    "auto" is the fastest 16-bit type that the hardware computes in, or else float32. A type that a
    CPU only emulates is far slower than float32: it is accepted with a warning in the log.
    """
    if name == "auto":
        return _choose_fastest(device)[0]
    dtype: torch.dtype = getattr(torch, name)
    if device.type == "cpu" and CPU_SUPPORT[dtype] and not cpu_support(dtype):
        logger.warning(
            "precision %s: this CPU emulates it (it has none of %s), which can take minutes "
            "per frame; auto would take %s",
            name,
            ", ".join(CPU_SUPPORT[dtype]),
            _name(_choose_fastest(device)[0]),
        )
    return dtype


def explain_precision(device: torch.device) -> str:
    """The type that "auto" chooses on ``device``, and why, in one line."""
    dtype, reason = _choose_fastest(device)
    return f"{_name(dtype)}: {reason}"


def _choose_fastest(device: torch.device) -> tuple[torch.dtype, str]:
    """The type that "auto" chooses, and the reason."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            if torch.cuda.is_bf16_supported(including_emulation=False):
                return torch.bfloat16, "this GPU computes in it"
        return torch.float16, "this GPU computes in it, and not in bfloat16"
    found = cpu_support(torch.bfloat16)
    if found:
        return torch.bfloat16, f"this CPU computes in it ({', '.join(found)})"
    missing = ", ".join(CPU_SUPPORT[torch.bfloat16])
    return torch.float32, f"this CPU does not compute in bfloat16 (it has none of {missing})"


def cpu_support(dtype: torch.dtype) -> list[str]:
    """Capabilities of this CPU for arithmetic in ``dtype``; none if torch cannot tell."""
    probe = getattr(torch.cpu, "get_capabilities", None)  # newer than torch 2.4
    capabilities = probe() if probe else {}
    return [flag for flag in CPU_SUPPORT[dtype] if capabilities.get(flag)]


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


_process = os.getpid()  # the process that started torch's threads, if there are any


def after_fork() -> None:
    """In a forked process, compute on one thread from now on; else do nothing.

    GNU OpenMP's threads do not survive a fork, and waiting for them hangs. OpenCV restarts its
    threads by itself; setting their number after a fork would hang.
    """
    global _process
    if os.getpid() != _process:
        torch.set_num_threads(1)
        _process = os.getpid()
