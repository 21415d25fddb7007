"""What a setting is, and how values are checked."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import math
import re
import typing
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from crt_plugin.errors import ParameterError

Check = tuple[str, Callable[[Any], bool]]  # what is expected, and whether a value is that
# Another setting, what is expected beside its value {}, and whether two values go together
Pairing = tuple[str, str, Callable[[Any, Any], bool]]
Self = TypeVar("Self", bound="Settings")

# What visionml's pytracking sets on the parameters of any tracker. These are kept unchecked; they
# are not settings, and neither printed nor compared.
HOST_ATTRIBUTES = (
    "debug",
    "param_name",
    "run_id",
    "tracker_name",
    "visualization",
    "vot_anno_conversion_type",
)
# Names of earlier versions, which users' files and results still have.
RENAMED = {
    "rotation_price": "rotation_penalty",
    "score_even": "score_midpoint",
    "vgg_std": "network_std",
}
# What stands for settings of earlier versions that have no such meaning any more.
GONE = {"score_slope": "score_exponent, of the peak's logarithm, with its own score_midpoint"}

POSITIVE: Check = ("a number > 0", lambda v: v > 0)
NOT_NEGATIVE: Check = ("a number >= 0", lambda v: v >= 0)
AT_LEAST_ONE: Check = ("an integer >= 1", lambda v: v >= 1)
FRACTION: Check = ("a number from 0 to 1", lambda v: 0 <= v <= 1)


def parse_numbers(text: str) -> list[int]:
    """Numbers that are joined by +."""
    return [int(number) for number in text.split("+")]


def number_list(least: int, most: int) -> Check:
    """The check of a text of ascending numbers, joined by +."""

    def is_list(text: str) -> bool:
        if not re.fullmatch(r"[0-9]{1,4}(\+[0-9]{1,4})*", text):
            return False
        numbers = parse_numbers(text)
        return numbers == sorted(set(numbers)) and least <= numbers[0] and numbers[-1] <= most

    return f"numbers from {least} to {most}, ascending, joined by +", is_list


def name_list(names: Callable[[], Collection[str]], expected: str) -> Check:
    """The check of a text of names, each once, joined by +."""

    def is_list(text: str) -> bool:
        parts = text.split("+")
        return set(parts) <= set(names()) and len(set(parts)) == len(parts)

    return f"{expected}, each once, joined by +", is_list


_is_collecting: ContextVar[bool] = ContextVar("_is_collecting", default=False)


def setting(
    default: Any,
    *,
    meaning: str,
    source: str,
    unit: str = "none",
    raising: str = "",
    check: Check | None = None,
    goes_with: Pairing | None = None,
) -> Any:
    """One setting of a ``Settings`` class.

    Its type is its annotation: ``int``, ``float``, ``str``, a ``Literal`` of texts, or one of these
    ``| None``, where None is off. 0 is read as None, since earlier versions wrote it for off.

    Args:
        default: value, if nothing sets another.
        meaning: what it is.
        source: where the default is from: "paper", "reference" or "ours", and more words.
        unit: of the value.
        raising: what a larger value does.
        check: what the value must be, beyond its type.
        goes_with: what a value other than None must be beside that of another setting.
    """
    facts = {"meaning": meaning, "unit": unit, "raising": raising, "source": source}
    metadata = {"facts": facts, "check": check, "goes_with": goes_with}
    return dataclasses.field(default=default, metadata=metadata)


class Setting:
    """Name, type, check and description of a setting."""

    def __init__(self, field: dataclasses.Field[Any], hint: Any) -> None:
        """From a field that ``setting`` made, and its annotation."""
        check: Check | None = field.metadata["check"]
        self.is_optional = type(None) in typing.get_args(hint)
        if self.is_optional:
            hint = typing.get_args(hint)[0]
        if typing.get_origin(hint) is Literal:
            choices, hint = typing.get_args(hint), str
            check = ("one of " + ", ".join(choices), choices.__contains__)
        expected, self.check = check or (f"any {hint.__name__}", lambda _: True)
        self.expected = "None, or " * self.is_optional + expected
        self.name, self.type = field.name, hint
        self.goes_with: Pairing | None = field.metadata["goes_with"]
        self.facts = field.metadata["facts"] | {
            "default": repr(field.default),
            "expected": self.expected,
        }

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

    def find_problem(self, value: Any) -> str:
        """What is wrong with a converted value; empty if nothing is."""
        if value is None:
            is_right = self.is_optional
        else:
            is_right = (
                isinstance(value, self.type)
                and not isinstance(value, bool)
                and not (isinstance(value, float) and not math.isfinite(value))
                and self.check(value)
            )
        return "" if is_right else f"{self.name} = {value!r}; expected {self.expected}"


@dataclass(repr=False)
class Settings:
    """Settings as attributes, each checked."""

    def __post_init__(self) -> None:
        self.validate()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in HOST_ATTRIBUTES:
            setting = self._find(name)
            name, value = setting.name, setting.convert(value)
            # A constructor (the first value of each), a copy and a file are checked as a whole.
            is_checked = name in vars(self) and not _is_collecting.get()
            if is_checked and (problem := setting.find_problem(value)):
                raise ParameterError(problem)
        super().__setattr__(name, value)

    def validate(self) -> None:
        """Check every value, and whether those that are possible go together.

        Raises:
            ParameterError: names all that is wrong.
        """
        settings = self._settings()
        found = {name: settings[name].find_problem(value) for name, value in self}
        problems = [problem for problem in found.values() if problem]
        for name, value in self:
            pairing = settings[name].goes_with
            if value is None or pairing is None:
                continue
            other, expected, go_together = pairing
            beside = getattr(self, other)
            if not (found[name] or found[other] or go_together(value, beside)):
                problems.append(
                    f"{name} = {value!r} with {other} = {beside!r}; expected None, or "
                    + expected.format(beside)
                )
        if problems:
            raise ParameterError("; ".join(problems))

    def get(self, name: str, *default: Any) -> Any:
        """Value of ``name``; ``default``, if given, where there is no such setting."""
        if len(default) > 1:
            raise ParameterError(f"get takes one default at most, got {len(default)}")
        if default and not self.has(name):
            return default[0]
        return getattr(self, self._find(name).name)

    def has(self, name: str) -> bool:
        """Whether there is a setting called ``name``."""
        return RENAMED.get(name, name) in self._settings()

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
        return ((name, getattr(self, name)) for name in self._settings())

    def __repr__(self) -> str:
        """The constructor's call: the settings that differ from their defaults."""
        defaults = dict(type(self)())
        changes = (f"{name}={value!r}" for name, value in self if value != defaults[name])
        return f"{type(self).__name__}({', '.join(changes)})"

    def __str__(self) -> str:
        return "\n".join(f"{name} = {value!r}" for name, value in self)

    @classmethod
    def parse(cls, name: str, text: str) -> Any:
        """The value that ``text`` stands for, as in ``--set``.

        Raises:
            ParameterError: no such setting, or a text that is no value of its type.
        """
        setting = cls._find(name)
        if setting.is_optional and text == "None":
            return None
        try:
            return setting.type(text)
        except ValueError as error:
            expected = f"expected a value of type {setting.type.__name__}"
            raise ParameterError(f"{name} = {text!r}; {expected}") from error

    @classmethod
    def describe(cls, name: str) -> dict[str, str]:
        """Meaning, unit, effect of raising, source, default and expected values of a setting."""
        return dict(cls._find(name).facts)

    @classmethod
    def migrate_values(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values kept by an earlier version, as today's; those of unknown names as they are.

        A setting that the version lacked has its default, which changes nothing. One that is gone
        is left out if it was off.
        """
        settings = cls._settings()
        today = {RENAMED.get(name, name): value for name, value in values.items()}
        kept = {n: settings[n].convert(v) if n in settings else v for n, v in today.items()}
        return dict(cls()) | {n: v for n, v in kept.items() if n in settings or v}

    @classmethod
    @functools.cache
    def _settings(cls) -> dict[str, Setting]:
        hints = typing.get_type_hints(cls)
        return {f.name: Setting(f, hints[f.name]) for f in dataclasses.fields(cls)}

    @classmethod
    def _find(cls, name: str) -> Setting:
        """The setting of a name, today's or an earlier one."""
        if name in RENAMED:
            warnings.warn(f"setting {name!r} is now {RENAMED[name]!r}", FutureWarning, stacklevel=3)
            name = RENAMED[name]
        if name in GONE:
            raise ParameterError(f"setting {name!r} is gone; expected {GONE[name]}")
        if name not in cls._settings():
            raise ParameterError(f"unknown setting {name!r}; expected {', '.join(cls._settings())}")
        return cls._settings()[name]


@contextlib.contextmanager
def collect_problems() -> Iterator[None]:
    """Let impossible values be set inside; ``validate`` names them all."""
    token = _is_collecting.set(True)
    try:
        yield
    finally:
        _is_collecting.reset(token)
