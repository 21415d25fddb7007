"""What this machine computes on, and in which number type: the meaning of "auto"."""

from __future__ import annotations

import logging
import os

import torch

from crt_plugin.errors import ParameterError

logger = logging.getLogger(__name__)

PRECISIONS = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
# Capabilities of a CPU, in torch's words, that mean arithmetic in the type, x86 and ARM
CPU_SUPPORT = {
    torch.float32: (),
    torch.bfloat16: ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16"),
    torch.float16: ("amx_fp16", "avx512_fp16", "fp16_arith"),
}


def choose_device(name: str) -> torch.device:
    """Device of the parameter ``device``.

    Args:
        name: "auto" (cuda where there is one, else cpu), "cpu", "cuda" or "cuda:N".

    Raises:
        ParameterError: another name, or a CUDA device that this machine does not have.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if count else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    kind, _, index = name.partition(":")
    if kind != "cuda" or (":" in name and not index.isdigit()):
        raise ParameterError(f"device = {name!r}; expected auto, cpu, cuda or cuda:N")
    if int(index or 0) >= count:
        raise ParameterError(
            f"device = {name!r}: torch {torch.__version__} sees {count} CUDA devices here; "
            "expected auto, cpu" + "".join(f", cuda:{i}" for i in range(count))
        )
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Number type of the network features on ``device``.

    Args:
        name: "auto" (the fastest type of 16 bits that the hardware computes in, or float32),
            "float32", "bfloat16" or "float16". A type that a CPU only emulates is slower than
            float32 by far: it is accepted with a warning in the log.

    Raises:
        ParameterError: another name.
    """
    if name == "auto":
        return _automatic(device)[0]
    if name not in PRECISIONS:
        raise ParameterError(f"precision = {name!r}; expected auto, {', '.join(PRECISIONS)}")
    dtype = PRECISIONS[name]
    if device.type == "cpu" and CPU_SUPPORT[dtype] and not cpu_support(dtype):
        logger.warning(
            "precision %s: this CPU emulates it (it has none of %s), which can take minutes "
            "per frame; auto would take %s",
            name,
            ", ".join(CPU_SUPPORT[dtype]),
            _name(_automatic(device)[0]),
        )
    return dtype


def explain_precision(device: torch.device) -> str:
    """One line: what "auto" takes on ``device``, and why."""
    dtype, reason = _automatic(device)
    return f"{_name(dtype)}: {reason}"


def _automatic(device: torch.device) -> tuple[torch.dtype, str]:
    """Number type of "auto", and the reason."""
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
    """Capabilities of this CPU that mean arithmetic in ``dtype``; none if torch cannot tell."""
    probe = getattr(torch.cpu, "get_capabilities", None)  # newer than torch 2.4
    capabilities = probe() if probe else {}
    return [flag for flag in CPU_SUPPORT[dtype] if capabilities.get(flag)]


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


_process = os.getpid()  # in which torch's threads, if there are any, were started


def after_fork() -> None:
    """Compute on one thread from now on in a process that was forked; else do nothing.

    The threads of GNU's OpenMP do not come along in a fork, and waiting for them never ends.
    OpenCV's threads start anew by themselves; setting their number after a fork is what hangs.
    """
    global _process
    if os.getpid() != _process:
        torch.set_num_threads(1)
        _process = os.getpid()
