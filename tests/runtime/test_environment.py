import cv2
import numpy as np
import torch

import crt_plugin
from crt_plugin.runtime.environment import describe_machine


def test_what_runs_here_is_told():
    found = describe_machine()
    assert set(found) == {"processor", "system", "python", "packages"} and found["processor"]
    packages = found["packages"]
    assert torch.__version__.startswith(packages["torch"])  # wheels may add +cu121 to it
    assert packages["numpy"] == np.__version__
    assert packages["crt-plugin"] == crt_plugin.__version__ and packages["got10k"]
    wheels = [version for name, version in packages.items() if name.startswith("opencv")]
    assert any(version.startswith(cv2.__version__) for version in wheels)
