"""Networks that OpenVINO runs in place of torch, on a CPU (ours).

In float32 it gives the same numbers up to rounding, in less time; docs/light.md has both.
"""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any

import torch
from torch import nn

from crt_plugin.errors import FeatureError, MissingExtraError
from crt_plugin.runtime.environment import advise_extra

PRECISIONS = {torch.float32: "f32", torch.bfloat16: "bf16"}


class CompiledNetwork:
    """A network that OpenVINO has compiled; called as the module would be.

    Args:
        network: a module, or the path of an ONNX file.
        dtype: what it computes in; inputs and outputs are float32.

    Raises:
        MissingExtraError: openvino is not installed.
        FeatureError: the file or the module cannot be read.
    """

    def __init__(self, network: nn.Module | Path, device: torch.device, dtype: torch.dtype) -> None:
        if device.type != "cpu" or dtype not in PRECISIONS:
            raise FeatureError(
                f"openvino cannot run a network on device {device} in {dtype}; expected device = "
                "'cpu', and precision = 'auto', 'float32' or 'bfloat16'"
            )
        if isinstance(network, Path) and not network.is_file():
            raise FeatureError(f"backbone = {str(network)!r}: there is no such file")
        openvino = import_openvino()
        self._of_thread = threading.local()
        try:
            if isinstance(network, Path):
                model = openvino.Core().read_model(network)
            else:
                model = openvino.convert_model(network, example_input=torch.zeros(1, 3, 120, 216))
            self._network = openvino.Core().compile_model(
                model,
                "CPU",
                {
                    "INFERENCE_NUM_THREADS": torch.get_num_threads(),
                    "INFERENCE_PRECISION_HINT": PRECISIONS[dtype],
                    "PERFORMANCE_HINT": "LATENCY",
                },
            )
        except Exception as error:  # a user's file or module can fail in any way
            name = str(network) if isinstance(network, Path) else "the module"
            raise FeatureError(
                f"openvino cannot compile {name}: {type(error).__name__}: {error}"
            ) from error

    def __call__(self, images: torch.Tensor) -> list[torch.Tensor]:
        """N x 3 x H x W to the outputs, as the network's file or module has them."""
        if not hasattr(self._of_thread, "request"):  # which serves one call at a time
            self._of_thread.request = self._network.create_infer_request()
        inputs = [images.float().contiguous().numpy()]
        outputs = self._of_thread.request.infer(inputs, share_inputs=True).to_tuple()
        return [torch.from_numpy(output) for output in outputs]


def import_openvino() -> Any:
    """The package.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module("openvino")
    except ImportError as error:
        raise MissingExtraError(
            "engine = 'openvino', and a backbone that is an ONNX file, need the package openvino: "
            f"{advise_extra('engine')}"
        ) from error
