import sys

import pytest

from crt_plugin.errors import SourceError
from crt_plugin.runtime.python_files import bundled_folder, load_python_file
from tests.conftest import ROOT


def test_folders_of_the_checkout():
    assert bundled_folder("parameters") == ROOT / "parameters"
    assert (bundled_folder("experiments") / "table1_features.py").is_file()


def test_a_file_does_not_hide_a_package_of_its_name(tmp_path):
    """Dataclasses look for their module in ``sys.modules``."""
    file = tmp_path / "pytracking.py"
    file.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n\n"
        "@dataclass\nclass A:\n    x: int\n"
    )
    assert load_python_file(file).A(3).x == 3
    assert "pytracking" not in sys.modules


@pytest.mark.parametrize("name", ["nothing.py", "words.txt"])
def test_what_is_no_python_file(tmp_path, name):
    (tmp_path / "words.txt").write_text("x = 1")
    with pytest.raises(SourceError, match="no file .*; expected a Python file"):
        load_python_file(tmp_path / name)
