"""A real checkout of visionml's pytracking, which ``PYTRACKING_ROOT`` names."""

import importlib.util
import os

import pytest

REAL = os.environ.get("PYTRACKING_ROOT", "")
real = pytest.mark.skipif(
    not REAL, reason="PYTRACKING_ROOT names no checkout of visionml's pytracking"
)


def require_packages() -> None:
    """Skip the test where a package is missing that the toolkit imports."""
    for package in ("matplotlib", "visdom", "jpeg4py", "pandas", "tqdm"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"pytracking needs {package}, which is not installed here")
