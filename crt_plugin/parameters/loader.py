"""Parameter files: Python files with a function ``parameters()`` that returns a ``Parameters``."""

from __future__ import annotations

from pathlib import Path

from crt_plugin.errors import ParameterError
from crt_plugin.parameters.folder import parameter_directory, parameter_names
from crt_plugin.parameters.schema import Parameters
from crt_plugin.parameters.settings import collect_problems
from crt_plugin.runtime.python_files import load_python_file


def load_parameters(name: str | Path) -> Parameters:
    """Parameters of a packaged file, by name, or of any file, by a path that ends in ``.py``.

    The file is Python code and is executed: load only files that you trust.

    Raises:
        ParameterError: no such file, or it has no ``parameters()`` that returns ``Parameters``.

    Examples:
        >>> load_parameters("default").vgg_layer
        10
    """
    path = Path(name)
    # A file is code, so a name is looked up in the package's folder only.
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
    except Exception as error:  # whatever a user's file raises
        raise ParameterError(f"{path} failed: {type(error).__name__}: {error}") from error
    if not isinstance(loaded, Parameters):
        raise ParameterError(f"{path}: parameters() returned {loaded!r}, not a Parameters")
    return loaded
