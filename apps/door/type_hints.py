"""What a handler is sent, held against its type hints: a client may send anything in the place of anything.

The hints are the contract that the type checker holds the handler to. What does not keep to it never gets there, so no
handler has to ask whether the number of a slider is one.
"""

from __future__ import annotations

import functools
import inspect
import math
import types
import typing
from collections.abc import Callable
from typing import Any

_NAMES = {
    str: "a text", float: "a number", int: "a whole number", bool: "true or false", list: "a list", dict: "an object",
}  # fmt: skip


@functools.lru_cache(maxsize=4096)
def hints_of(handler: Callable[..., Any], inputs: int, put_in: tuple[type, ...]) -> tuple[Any, ...]:
    """The type hints of the first ``inputs`` values that ``handler`` is given; ``Any`` where nothing is known.

    What gradio itself puts in, of the classes ``put_in`` (the request, the event), is left out.
    """
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):
        return (Any,) * inputs
    found: list[Any] = []
    for parameter in parameters:
        hint = _evaluated(handler, parameter.annotation)
        if parameter.kind is parameter.VAR_POSITIONAL:
            found += [hint] * (inputs - len(found))
        elif not _is_one_of(hint, put_in):
            found.append(hint)
    return (*found, *(Any,) * inputs)[:inputs]


def fits(value: Any, hint: Any) -> bool:
    """Whether ``value``, as JSON or a component gives it, is what ``hint`` says. Numbers are finite.

    A hint that is no plain one (a class of ours, ``Any``) takes everything.
    """
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if hint is None or hint is types.NoneType:
        return value is None
    if hint in (float, int):
        return _is_number(value) and (hint is float or value == int(value))
    if hint in (str, bool):
        return isinstance(value, hint)
    if origin is list or hint is list:
        return isinstance(value, list) and (not inner or all(fits(one, inner[0]) for one in value))
    if origin is dict or hint is dict:
        return isinstance(value, dict)
    return not (origin is typing.Literal and value not in inner)


def described(hint: Any) -> str:
    """``hint`` in words, for a message."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(described(one) for one in typing.get_args(hint) if one is not types.NoneType)
    return _NAMES.get(typing.get_origin(hint) or hint, "a value of its kind")


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond the largest float
        return False


def _evaluated(handler: Callable[..., Any], annotation: Any) -> Any:
    """A hint as an object; each on its own, since others may name what only the type checker imports."""
    if annotation is inspect.Parameter.empty:
        return Any
    plain = inspect.unwrap(handler)
    while isinstance(plain, functools.partial):
        plain = inspect.unwrap(plain.func)
    holder = types.SimpleNamespace(__annotations__={"hint": annotation})
    try:
        return typing.get_type_hints(holder, globalns=getattr(plain, "__globals__", {}))["hint"]
    except (NameError, TypeError, AttributeError):
        return Any


def _is_one_of(hint: Any, classes: tuple[type, ...]) -> bool:
    one = next((part for part in typing.get_args(hint) if part is not types.NoneType), hint)
    plain = isinstance(one, type) and typing.get_origin(one) is None  # list[str] is a type, too, before Python 3.11
    return plain and issubclass(one, classes)
