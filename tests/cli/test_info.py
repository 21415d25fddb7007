"""What `crt parameters` and `crt doctor` say, at 80 columns, of good and of broken machines."""

from __future__ import annotations

import importlib
from importlib import metadata

import pytest
import typer
from typer.testing import CliRunner

from crt_plugin.cli import parameters as cli_parameters
from crt_plugin.cli.doctor import doctor
from crt_plugin.errors import ParameterError
from crt_plugin.parameters import Parameters, parameter_names

REQUIRES = [
    "numpy>=1.26",
    "six>=1.16",
    "av>=12; extra == 'video'",
    "av>=12; extra == 'demo'",
    "plotly>=5.20; extra == 'report'",
]
COMPLETE = {"crt-plugin": "0.1.0", "numpy": "2.4.6", "six": "1.17.0", "opencv-python": "5.0"}


@pytest.fixture
def run(monkeypatch):
    """Run one of the two commands in a terminal of 80 columns; returns typer's result."""
    monkeypatch.setenv("COLUMNS", "80")
    app = typer.Typer()
    app.command()(cli_parameters.parameters)
    app.command()(doctor)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def pretend_installed(monkeypatch):
    """Pretend that exactly these distributions are installed."""

    def set_up(versions, requires=REQUIRES):
        def version(name):
            if name not in versions:
                raise metadata.PackageNotFoundError(name)
            return versions[name]

        def requires_of(name):
            version(name)
            return requires

        monkeypatch.setattr(metadata, "version", version)
        monkeypatch.setattr(metadata, "requires", requires_of)
        monkeypatch.delenv("CRT_VGG16_WEIGHTS", raising=False)

    return set_up


def words(text):
    """The text without line breaks and alignment."""
    return " ".join(text.split())


# ---------------------------------------------------------------------------- crt parameters


def test_every_file_is_listed_with_its_first_line(run):
    output = run("parameters").stdout
    listed = [line.split()[0] for line in output.splitlines() if line[:1].strip()][1:-1]
    assert listed == parameter_names()
    assert "Table 3: conv-2, patch of 5 x 3 object sizes" in words(output)
    assert max(map(len, output.splitlines())) <= 80


def rows(output):
    """Text of each setting's row in an explanation."""
    found: dict[str, str] = {}
    for line in output.splitlines():
        if line[:2].strip() and line.split()[0] in dict(Parameters()):
            found[line.split()[0]] = ""
        if found:
            found[list(found)[-1]] += line + "\n"
    return found


def test_a_file_is_explained_setting_by_setting(run):
    output = run("parameters", "reference_2018").stdout
    assert max(map(len, output.splitlines())) <= 80
    assert list(rows(output)) == [name for name, _ in Parameters()]


def test_differences_from_the_default_are_marked_and_explained(run):
    explained = rows(run("parameters", "reference_2018").stdout)
    marked = {key for key, text in explained.items() if "*" in text.splitlines()[0]}
    assert marked == {
        "loss_threshold",
        "stop_loss",
        "confidence_threshold",
        "update_learning_rate",
    }
    assert "1e-08 *" in explained["update_learning_rate"]
    assert "(default 5e-09)" in explained["update_learning_rate"]
    assert "this file: twice the paper's" in words(explained["update_learning_rate"])
    assert "raised: faster adaptation, more drift" in words(explained["update_learning_rate"])


@pytest.mark.parametrize("name", [name for name, _ in Parameters()])
def test_the_explanation_of_a_setting_is_complete(name):
    facts, text = Parameters.describe(name), cli_parameters._describe(name)
    assert text.startswith(facts["meaning"])
    assert text.endswith("source: " + facts["source"])
    assert facts["raising"] in text
    assert facts["expected"].startswith("any ") or facts["expected"] in text


def test_a_file_of_the_user_is_explained_by_its_path(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from crt_plugin.parameters import Parameters\n"
        "def parameters():\n"
        "    params = Parameters()\n"
        "    params.seed = 7  # [my] lucky number\n"
        "    return params\n"
    )
    output = words(run("parameters", str(path)).stdout)
    assert "seed 7 *" in output
    assert "[my] lucky number" in output


def test_an_unknown_file_is_an_error_that_lists_the_names(run):
    error = run("parameters", "vgg_conv3").exception
    assert isinstance(error, ParameterError)
    assert "'vgg_conv3'" in str(error) and "vgg_conv2, vgg_conv4" in str(error)


# -------------------------------------------------------------------------------- crt doctor


def test_doctor_on_this_machine_names_device_precision_and_weights(run):
    output = words(run("doctor").stdout)
    for heading in ("Python 3.", "device auto", "precision auto", "threads", "weights conv-10"):
        assert heading in output


def test_a_complete_machine_has_no_problems(run, pretend_installed):
    pretend_installed(COMPLETE | {"av": "18.1.0", "plotly": "7.1.0"})
    result = run("doctor")
    assert result.exit_code == 0
    assert "No problems found." in result.stdout
    assert "not complete" not in result.stdout and "missing" not in _packages(result.stdout)
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_an_incomplete_extra_is_no_problem_and_has_its_command(run, pretend_installed):
    pretend_installed(COMPLETE | {"av": "18.1.0"})
    result = run("doctor")
    assert result.exit_code == 0
    assert 'extra report is not complete: pip install "plotly>=5.20"' in result.stdout
    assert "extra video" not in result.stdout


def test_a_missing_requirement_is_a_problem(run, pretend_installed):
    pretend_installed({name: v for name, v in COMPLETE.items() if name != "six"})
    result = run("doctor")
    assert result.exit_code == 1
    assert 'needed and not installed: pip install "six>=1.16"' in result.stdout
    assert "No problems" not in result.stdout
    assert "(needed) is not complete" not in result.stdout


def test_any_opencv_wheel_will_do(run, pretend_installed):
    requires = [*REQUIRES, "opencv-python>=4.8"]
    others = {name: v for name, v in COMPLETE.items() if name != "opencv-python"}
    pretend_installed(others | {"opencv-python-headless": "5.0"}, requires)
    assert run("doctor").exit_code == 0
    pretend_installed(others, requires)
    assert 'pip install "opencv-python>=4.8"' in run("doctor").stdout


def test_the_unrelated_pytracking_is_a_problem(run, pretend_installed):
    pretend_installed(COMPLETE | {"pytracking": "0.2.3"})
    result = run("doctor")
    assert result.exit_code == 1
    assert "problem: pytracking 0.2.3" in result.stdout
    assert "pip uninstall pytracking" in result.stdout


def test_two_opencv_wheels_are_a_problem(run, pretend_installed):
    pretend_installed(COMPLETE | {"opencv-contrib-python": "5.0"})
    result = run("doctor")
    assert result.exit_code == 1
    assert "opencv-python and opencv-contrib-python are installed together" in result.stdout
    pretend_installed(COMPLETE | {"opencv-python-headless": "5.0"})
    assert "then pip install --no-deps opencv-python-headless" in run("doctor").stdout


def test_an_opencv_that_does_not_load_is_a_problem(run, pretend_installed, monkeypatch):
    pretend_installed(COMPLETE)
    message = "libGL.so.1: cannot open shared object file"

    def fail(name):
        raise ImportError(message)

    monkeypatch.setattr(importlib, "import_module", fail)
    result = run("doctor")
    assert result.exit_code == 1
    assert message in result.stdout and "libgl1" in result.stdout


def test_a_weights_variable_that_points_nowhere_is_a_problem(run, pretend_installed, monkeypatch):
    pretend_installed(COMPLETE)
    monkeypatch.setenv("CRT_VGG16_WEIGHTS", "/nowhere/vgg16.pth")
    result = run("doctor")
    assert result.exit_code == 1
    assert "CRT_VGG16_WEIGHTS names /nowhere/vgg16.pth, which does not exist" in result.stdout


def test_doctor_runs_where_the_package_is_not_installed(run, pretend_installed):
    pretend_installed({})
    result = run("doctor")
    assert result.exit_code == 0
    assert "run in place" in result.stdout


def _packages(output):
    return output.partition("machine")[0]
