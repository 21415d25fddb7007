"""Where the weights of VGG-16 come from.

Order: the parameter ``vgg_weights``, the environment variable ``CRT_VGG16_WEIGHTS``, the
file inside this package (conv-1 to conv-10), and for deeper layers torchvision's file
through torch.hub's cache and download. Weights and input range are those of the original
Caffe model: 0..255 minus the mean colour.
"""

from __future__ import annotations

import urllib.error
from pathlib import Path

import torch

from crt_plugin.errors import WeightsError
from crt_plugin.features.weight_files import (
    find_named_files,
    hash_file,
    read_file,
    read_packaged,
    take,
)
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

Layer = tuple[torch.Tensor, torch.Tensor]


def find_files(params: FeatureSettings) -> list[Path]:
    """Files that the user names, see ``find_named_files``."""
    return find_named_files(params.vgg_weights, ENVIRONMENT)


def list_files(params: FeatureSettings) -> list[Path]:
    """Files that hold the weights of ``params``, whether they are there or not."""
    packaged = params.vgg_layer <= PACKAGED_LAYERS
    return find_files(params) or [PACKAGED if packaged else hub_file()]


def hub_file() -> Path:
    """Where torch.hub keeps, or would keep, torchvision's file."""
    return Path(torch.hub.get_dir()) / "checkpoints" / TORCHVISION_FILE


def find_origin(params: FeatureSettings) -> str:
    """One line that says which weights ``params`` would use."""
    files = find_files(params)
    if files:
        return "file " + ", ".join(map(str, files))
    if params.vgg_layer <= PACKAGED_LAYERS:
        return f"packaged (conv-1 to conv-{PACKAGED_LAYERS})"
    if hub_file().is_file():
        return f"torch.hub's cache, {hub_file()}"
    return f"missing: conv-{params.vgg_layer} needs {TORCHVISION_FILE}, tried by download on use"


def hash_weights(params: FeatureSettings) -> list[str]:
    """SHA-256 of each file of weights that ``params`` uses.

    Raises:
        WeightsError: a file is missing.
    """
    files = find_files(params)
    if not files and params.vgg_layer <= PACKAGED_LAYERS:
        return [PACKAGED_SHA256]  # checked whenever they are loaded
    return [hash_file(file, _advice(file)) for file in files or [hub_file()]]


def load_layers(params: FeatureSettings) -> list[Layer]:
    """Weight (K x C x 3 x 3) and bias (K) of conv-1 to conv-``vgg_layer``, float32.

    Raises:
        WeightsError: missing, damaged or of another network; says where to get them.
    """
    files = find_files(params)
    if files:
        state: dict[str, torch.Tensor] = {}
        for file in files:
            state |= read_file(file, "VGG-16", _advice(file))
        origin = ", ".join(map(str, files))
    elif params.vgg_layer <= PACKAGED_LAYERS:
        state, origin = read_packaged(PACKAGED, PACKAGED_SHA256), str(PACKAGED)
    else:
        state, origin = _read_hub(params.vgg_layer), str(hub_file())
    return [_layer(state, x, origin) for x in range(1, params.vgg_layer + 1)]


def _layer(state: dict[str, torch.Tensor], x: int, origin: str) -> Layer:
    name, of = f"features.{INDICES[x - 1]}", f"VGG-16 conv-{x}"
    weight = take(state, f"{name}.weight", (CHANNELS[x], CHANNELS[x - 1], 3, 3), of, origin)
    return weight, take(state, f"{name}.bias", (CHANNELS[x],), of, origin)


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
    return read_file(target, "VGG-16", _advice(target))


def _advice(target: Path) -> str:
    return (
        f"get {TORCHVISION_URL} and save it as {target}, or put its path into "
        f"{ENVIRONMENT} or the parameter vgg_weights; a .safetensors file with the same "
        "tensor names will do"
    )
