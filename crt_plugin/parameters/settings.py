"""What a setting is, and how values are checked."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import types
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from crt_plugin.errors import ParameterError

Check = tuple[str, Callable[[Any], bool]]  # what is expected, and whether a value is
Self = TypeVar("Self", bound="Settings")

# What visionml's pytracking writes onto the parameters of any tracker. They are kept as they
# come; they are no settings, and neither printed nor compared.
HOST_ATTRIBUTES = (
    "debug",
    "param_name",
    "run_id",
    "tracker_name",
    "visualization",
    "vot_anno_conversion_type",
)
# Names of earlier versions: files and results of users have them.
RENAMED = {"rotation_price": "rotation_penalty", "score_even": "score_midpoint"}

POSITIVE: Check = ("a number > 0", lambda v: v > 0)
NOT_NEGATIVE: Check = ("a number >= 0", lambda v: v >= 0)
AT_LEAST_ONE: Check = ("an integer >= 1", lambda v: v >= 1)
FRACTION: Check = ("a number from 0 to 1", lambda v: 0 <= v <= 1)

_is_collecting: ContextVar[bool] = ContextVar("_is_collecting", default=False)


def setting(
    default: Any,
    *,
    meaning: str,
    source: str,
    unit: str = "none",
    raising: str = "",
    check: Check | None = None,
) -> Any:
    """One setting of a ``Settings`` class.

    Args:
        default: value, if nothing sets another.
        meaning: what it is.
        source: where the default is from: "paper", "reference" or "ours", and more words.
        unit: of the value.
        raising: what a larger value does.
        check: what the value must be, beyond its annotated type.
    """
    facts = {"meaning": meaning, "unit": unit, "raising": raising, "source": source}
    return field(default=default, metadata={**facts, "check": check})


@dataclass(frozen=True)
class Kind:
    """Type of a setting, from its annotation.

    Attributes:
        type: of its values.
        choices: all values, of a ``Literal``; else empty.
        is_optional: whether None, for off, is one. 0 is read as None: earlier versions wrote it.
    """

    type: type
    choices: tuple[Any, ...]
    is_optional: bool

    @classmethod
    def of(cls, hint: Any) -> Kind:
        """From ``int``, ``float``, ``str``, a ``Literal``, or one of these ``| None``."""
        options = [one for one in typing.get_args(hint) if one is not type(None)]
        if typing.get_origin(hint) is types.UnionType:
            return dataclasses.replace(cls.of(options[0]), is_optional=True)
        if typing.get_origin(hint) is Literal:
            return cls(type(options[0]), tuple(options), False)
        return cls(hint, (), False)

    def expect(self, check: Check | None) -> str:
        """What a value must be, in words."""
        words = check[0] if check else f"any {self.type.__name__}"
        if self.choices:
            words = "one of " + ", ".join(map(str, self.choices))
        return f"None, or {words}" if self.is_optional else words

    def convert(self, value: Any) -> Any:
        """The value in this type where that loses nothing; else as it is."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return value
        if self.is_optional and value == 0:
            return None
        if self.type is float:
            with contextlib.suppress(OverflowError):  # an integer beyond the floats
                return float(value)
        return value

    def allows(self, value: Any, check: Check | None) -> bool:
        """Whether a converted value is one of these."""
        if value is None:
            return self.is_optional
        if isinstance(value, bool) or not isinstance(value, self.type):
            return False
        if isinstance(value, float) and not math.isfinite(value):
            return False
        if self.choices:
            return value in self.choices
        return check is None or check[1](value)


@dataclass
class Settings:
    """Settings as attributes, each checked."""

    def __post_init__(self) -> None:
        self.validate()
        object.__setattr__(self, "_is_ready", True)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in HOST_ATTRIBUTES:
            object.__setattr__(self, name, value)
            return
        name = _find(type(self), name)
        value = _kinds(type(self))[name].convert(value)
        # A constructor, a copy and a file are checked as a whole.
        if "_is_ready" in vars(self) and not _is_collecting.get():
            _raise(self._find_problem(name, value))
        object.__setattr__(self, name, value)

    def validate(self) -> None:
        """Check every value; if each by itself is possible, what does not go together.

        Raises:
            ParameterError: names all that is wrong.
        """
        found = (self._find_problem(name, value) for name, value in self)
        problems = list(filter(None, found))
        _raise("; ".join(problems or self.find_conflicts()))

    def find_conflicts(self) -> list[str]:
        """Values that do not go together, one text each."""
        return []

    def _find_problem(self, name: str, value: Any) -> str:
        kind, check = _kinds(type(self))[name], _fields(type(self))[name].metadata["check"]
        if kind.allows(value, check):
            return ""
        return f"{name} = {value!r}; expected {kind.expect(check)}"

    def get(self, name: str, *default: Any) -> Any:
        """Value of ``name``; ``default``, if given, where there is no such setting."""
        if len(default) > 1:
            raise ParameterError(f"get takes one default at most, got {len(default)}")
        if default and not self.has(name):
            return default[0]
        return getattr(self, _find(type(self), name))

    def has(self, name: str) -> bool:
        """Whether there is a setting called ``name``."""
        return RENAMED.get(name, name) in _fields(type(self))

    def parse(self, name: str, text: str) -> Any:
        """The value that ``text`` stands for, as ``--set`` has it.

        Raises:
            ParameterError: no such setting, or a text that is no value of its type.
        """
        kind = _kinds(type(self))[_find(type(self), name)]
        if kind.is_optional and text == "None":
            return None
        try:
            return kind.type(text)
        except ValueError as error:
            raise ParameterError(
                f"{name} = {text!r}; expected a value of type {kind.type.__name__}"
            ) from error

    def copy(self: Self, **changes: Any) -> Self:
        """An independent copy with ``changes``, which are checked together."""
        other = copy.copy(self)
        with collect_problems():
            for name, value in changes.items():
                setattr(other, name, value)
        other.validate()
        return other

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and value, in the order of the class."""
        return ((name, getattr(self, name)) for name in _fields(type(self)))

    def __str__(self) -> str:
        return "\n".join(f"{name} = {value!r}" for name, value in self)


@contextlib.contextmanager
def collect_problems() -> Iterator[None]:
    """Let impossible values be set inside; ``validate`` names them all."""
    token = _is_collecting.set(True)
    try:
        yield
    finally:
        _is_collecting.reset(token)


def describe_setting(settings: type[Settings], name: str) -> dict[str, str]:
    """Meaning, unit, effect of raising, source, default and expected values of a setting."""
    field_ = _fields(settings)[_find(settings, name)]
    facts = {key: field_.metadata[key] for key in ("meaning", "unit", "raising", "source")}
    expected = _kinds(settings)[field_.name].expect(field_.metadata["check"])
    return facts | {"default": repr(field_.default), "expected": expected}


def read_values(settings: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    """Kept values under today's names and spelling; unknown ones as they are."""
    kinds = _kinds(settings)
    names = {name: RENAMED.get(name, name) for name in values}
    return {
        new: kinds[new].convert(values[name]) if new in kinds else values[name]
        for name, new in names.items()
    }


_KINDS: dict[type, dict[str, Kind]] = {}


def _kinds(settings: type[Settings]) -> dict[str, Kind]:
    if settings not in _KINDS:
        hints = typing.get_type_hints(settings)
        _KINDS[settings] = {name: Kind.of(hints[name]) for name in _fields(settings)}
    return _KINDS[settings]


def _fields(settings: type[Settings]) -> dict[str, dataclasses.Field[Any]]:
    return settings.__dataclass_fields__


def _find(settings: type[Settings], name: str) -> str:
    """Today's name of a setting.

    Raises:
        ParameterError: there is none.
    """
    if name in RENAMED:
        warnings.warn(f"setting {name!r} is now {RENAMED[name]!r}", FutureWarning, stacklevel=3)
        name = RENAMED[name]
    if name not in _fields(settings):
        known = ", ".join(_fields(settings))
        raise ParameterError(f"unknown setting {name!r}; expected {known}")
    return name


def _raise(problem: str) -> None:
    if problem:
        raise ParameterError(problem)
