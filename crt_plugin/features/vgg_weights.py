"""Where the weights of VGG-16 come from.

Order: the parameter ``vgg_weights``, the environment variable ``CRT_VGG16_WEIGHTS``, the
file inside this package (conv-1 to conv-10), and for deeper layers torchvision's file
through torch.hub's cache and download. Weights and input range are those of the original
Caffe model: 0..255 minus the mean colour.
"""

from __future__ import annotations

import hashlib
import os
import struct
import urllib.error
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from crt_plugin.errors import WeightsError
from crt_plugin.parameters.paper import FeatureSettings

PACKAGED = Path(__file__).parent / "weights" / "vgg16_conv10_fp16.safetensors"
PACKAGED_SHA256 = "fe0c9ff6b8e3b75daf05c58e244ea3ebe8e99047aaa631f31cd091fcdb580c62"
PACKAGED_LAYERS = 10
ENVIRONMENT = "CRT_VGG16_WEIGHTS"
TORCHVISION_FILE = "vgg16_features-amdegroot-88682ab5.pth"
TORCHVISION_URL = f"https://download.pytorch.org/models/{TORCHVISION_FILE}"

# torchvision's name of conv-x is features.<INDICES[x - 1]>
INDICES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
CHANNELS = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)

# What torch and safetensors raise for files that are damaged, or that hold more than tensors.
READING_FAILED = (
    *(SafetensorError, UnpicklingError, RuntimeError, EOFError, OSError, ValueError),
    *(LookupError, TypeError, AttributeError, AssertionError, MemoryError, struct.error),
)

Layer = tuple[torch.Tensor, torch.Tensor]


def find_named_files(params: FeatureSettings) -> list[Path]:
    """Files that the user names, by parameter or environment; empty where there are none."""
    named = params.vgg_weights or os.environ.get(ENVIRONMENT, "")
    return [Path(part) for part in named.split(os.pathsep) if part]


def hub_file() -> Path:
    """Where torch.hub keeps, or would keep, torchvision's file."""
    return Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION_FILE


def weights_origin(params: FeatureSettings) -> str:
    """One line that says which weights ``params`` would use."""
    files = find_named_files(params)
    if files:
        return "file " + ", ".join(map(str, files))
    if params.vgg_layer <= PACKAGED_LAYERS:
        return f"packaged (conv-1 to conv-{PACKAGED_LAYERS})"
    if hub_file().is_file():
        return f"torch.hub's cache, {hub_file()}"
    return f"missing: conv-{params.vgg_layer} needs {TORCHVISION_FILE}, tried by download on use"


def weights_sha256(params: FeatureSettings) -> list[str]:
    """SHA-256 of each file of weights that ``params`` uses; empty where VGG is not used.

    Raises:
        WeightsError: a file is missing.
    """
    if "vgg" not in params.features.split("+"):
        return []
    files = find_named_files(params)
    if not files and params.vgg_layer <= PACKAGED_LAYERS:
        return [PACKAGED_SHA256]  # checked whenever they are loaded
    return [_sha256(file) for file in files or [hub_file()]]


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise WeightsError(f"{file} cannot be read: {error}; {_advice(file)}") from error
    return digest.hexdigest()


def load_layers(params: FeatureSettings) -> list[Layer]:
    """Weight (K x C x 3 x 3) and bias (K) of conv-1 to conv-``vgg_layer``, float32.

    Raises:
        WeightsError: missing, damaged or of another network; says where to get them.
    """
    files = find_named_files(params)
    if files:
        state: dict[str, torch.Tensor] = {}
        for file in files:
            state |= _read(file)
        origin = ", ".join(map(str, files))
    elif params.vgg_layer <= PACKAGED_LAYERS:
        state, origin = _read_packaged(), str(PACKAGED)
    else:
        state, origin = _read_hub(params.vgg_layer), str(hub_file())
    return [_layer(state, x, origin) for x in range(1, params.vgg_layer + 1)]


def _layer(state: dict[str, torch.Tensor], x: int, origin: str) -> Layer:
    name = f"features.{INDICES[x - 1]}"
    shapes = {
        f"{name}.weight": (CHANNELS[x], CHANNELS[x - 1], 3, 3),
        f"{name}.bias": (CHANNELS[x],),
    }
    for key, shape in shapes.items():
        tensor: Any = state.get(key)
        found = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else "no such tensor"
        if found != shape or not torch.isfinite(tensor).all():
            raise WeightsError(
                f"{origin}: {key} of VGG-16 conv-{x} must be finite and of shape {shape}, "
                f"found {found}"
            )
    return state[f"{name}.weight"].float(), state[f"{name}.bias"].float()


def _read_packaged() -> dict[str, torch.Tensor]:
    if not PACKAGED.is_file():
        raise WeightsError(f"{PACKAGED} is missing: the installation is incomplete")
    digest = hashlib.sha256(PACKAGED.read_bytes()).hexdigest()
    if digest != PACKAGED_SHA256:
        raise WeightsError(f"{PACKAGED} is damaged: its SHA-256 is {digest}, not {PACKAGED_SHA256}")
    return load_file(PACKAGED)


def _read(file: Path) -> dict[str, torch.Tensor]:
    if not file.is_file():
        raise WeightsError(f"no VGG-16 weights at {file}; {_advice(file)}")
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
    except READING_FAILED as error:
        raise WeightsError(f"{file} cannot be read: {error}; {_advice(file)}") from error
    if not isinstance(state, dict):
        raise WeightsError(f"{file} holds a {type(state).__name__}, not named tensors")
    return state


def _read_hub(layer: int) -> dict[str, torch.Tensor]:
    target = hub_file()
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(
                TORCHVISION_URL, str(target), hash_prefix="88682ab5", progress=True
            )
        except (urllib.error.URLError, OSError, RuntimeError) as error:
            raise WeightsError(
                f"conv-{layer} needs weights that are not packaged, and the download failed "
                f"({error}); {_advice(target)}"
            ) from error
    return _read(target)


def _advice(target: Path) -> str:
    return (
        f"get {TORCHVISION_URL} and save it as {target}, or put its path into "
        f"{ENVIRONMENT} or the parameter vgg_weights; a .safetensors file with the same "
        "tensor names will do"
    )
