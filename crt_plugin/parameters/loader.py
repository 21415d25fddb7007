"""Parameter files: Python files with a function ``parameters()`` that returns a ``Parameters``.

In one, a line sets one value::

    params.loss_threshold = 0.1  # th of eq. 3; paper 5.1
"""

from __future__ import annotations

from pathlib import Path

from crt_plugin.errors import ParameterError
from crt_plugin.parameters.schema import Parameters
from crt_plugin.parameters.settings import collect_problems
from crt_plugin.runtime.python_files import bundled_folder, load_python_file


def parameter_directory() -> Path:
    """Folder of the parameter files: beside the package in a checkout, inside it in a wheel."""
    return bundled_folder("parameters")


def parameter_names() -> list[str]:
    """Names of the parameter files that the package brings, sorted."""
    return sorted(p.stem for p in parameter_directory().glob("*.py") if p.stem != "__init__")


def load_parameters(name: str | Path) -> Parameters:
    """Parameters of a file that the package brings, by name, or of any file, by path.

    The file is Python and is run: a path says that it is trusted.

    Raises:
        ParameterError: no such file, or it has no ``parameters()`` that returns ``Parameters``.

    Example:
        >>> load_parameters("default").vgg_layer
        10
    """
    path = Path(name)
    # A file is code: a name leads to the package's folder and nowhere else.
    if str(name) in parameter_names():
        path = parameter_directory() / f"{name}.py"
    elif path.suffix != ".py" or not path.is_file():
        raise ParameterError(
            f"no parameter file {str(name)!r}; expected a path that ends in .py, or one of "
            + ", ".join(parameter_names())
        )
    return _run(path)


def _run(path: Path) -> Parameters:
    try:
        with collect_problems():
            loaded = load_python_file(path).parameters()
        if isinstance(loaded, Parameters):
            loaded.validate()
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from error
    except Exception as error:  # a user's file can fail in any way; the message names it
        raise ParameterError(f"{path} failed: {type(error).__name__}: {error}") from error
    if not isinstance(loaded, Parameters):
        raise ParameterError(f"{path}: parameters() returned {loaded!r}, not a Parameters")
    return loaded
