import cv2
import numpy as np
import torch

import crt_plugin
from crt_plugin.runtime.environment import advise_extra, describe_machine
from tests.conftest import ROOT


def test_what_runs_here_is_told():
    found = describe_machine()
    assert (
        set(found) == {"processor", "auto", "system", "python", "packages"} and found["processor"]
    )
    packages = found["packages"]
    assert torch.__version__.startswith(packages["torch"])  # wheels may add +cu121 to it
    assert packages["numpy"] == np.__version__
    assert packages["crt-plugin"] == crt_plugin.__version__ and packages["got10k"]
    wheels = [version for name, version in packages.items() if name.startswith("opencv")]
    assert any(version.startswith(cv2.__version__) for version in wheels)


def test_a_clone_is_told_to_install_from_its_folder():
    assert advise_extra("vot") == f'pip install -e "{ROOT}[vot]"'
