"""Files of network weights: found, hashed and read, for every network alike."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from crt_plugin.errors import WeightsError

# What torch and safetensors raise for files that are damaged, or that hold more than tensors.
READING_FAILED = (
    *(SafetensorError, UnpicklingError, RuntimeError, EOFError, OSError, ValueError),
    *(LookupError, TypeError, AttributeError, AssertionError, MemoryError, struct.error),
)


def find_named_files(setting: str, environment: str) -> list[Path]:
    """Files that the user names, by a setting or an environment variable; empty if there are none.

    Args:
        setting: value of the setting; several paths are joined by the system's path separator.
        environment: name of the variable, which is read if the setting is empty.
    """
    named = setting or os.environ.get(environment, "")
    return [Path(part) for part in named.split(os.pathsep) if part]


def hash_file(file: Path, advice: str) -> str:
    """SHA-256 of a file.

    Raises:
        WeightsError: it cannot be read; ends with ``advice``.
    """
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise WeightsError(f"{file} cannot be read: {error}; {advice}") from error
    return digest.hexdigest()


def read_packaged(file: Path, sha256: str) -> dict[str, torch.Tensor]:
    """Tensors of a file of this package.

    Raises:
        WeightsError: it is missing, or another one.
    """
    if not file.is_file():
        raise WeightsError(f"{file} is missing: the installation is incomplete")
    digest = hash_file(file, "the installation is incomplete")
    if digest != sha256:
        raise WeightsError(f"{file} is damaged: its SHA-256 is {digest}, not {sha256}")
    return load_file(file)


def read_file(file: Path, network: str, advice: str) -> dict[str, torch.Tensor]:
    """Tensors of a .safetensors file, or of one that ``torch.save`` wrote; no code is run.

    Raises:
        WeightsError: it is missing, damaged or holds something else.
    """
    if not file.is_file():
        raise WeightsError(f"no {network} weights at {file}; {advice}")
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
    except READING_FAILED as error:
        raise WeightsError(f"{file} cannot be read: {error}; {advice}") from error
    if not isinstance(state, dict):
        raise WeightsError(f"{file} holds a {type(state).__name__}, not named tensors")
    return state


def take(
    state: dict[str, torch.Tensor], name: str, shape: tuple[int, ...], of: str, origin: str
) -> torch.Tensor:
    """The tensor ``name`` in float32.

    Args:
        shape: that it must have.
        of: what it belongs to, for the message.
        origin: the file, for the message.

    Raises:
        WeightsError: it is missing, of another shape, or not finite.
    """
    tensor: Any = state.get(name)
    found = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else "no such tensor"
    if found != shape or not torch.isfinite(tensor).all():
        raise WeightsError(
            f"{origin}: {name} of {of} must be finite and of shape {shape}, found {found}"
        )
    return tensor.float()
