"""Explains a request that could not be bound: every fault of every source, in one problem."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from framework._binding.faults import find_faults, single_fault
from framework._binding.faults_verdicts import token
from framework._inspect.types import kind_of
from framework._plan import BodyPlan, ParameterPlan, Source
from framework.http_errors import BadRequest, Fault, HTTPError, UnprocessableContent

__all__ = ("INVALID", "FaultExplainer")

MAXIMUM = 100
"""The most faults that a problem lists."""

INVALID = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)
"""What the fast path raises for a request that is not valid; msgspec.ValidationError is a DecodeError.

The TypeError is that of an unhashable item in a set.
"""


class FaultExplainer:
    """Made once for each route; called after the fast path has failed."""

    def __init__(self, parameters: Sequence[ParameterPlan], body: BodyPlan | None) -> None:
        self._parameters = tuple((one, kind_of(one.annotation)) for one in parameters)
        self._body = body

    def __call__(self, raw: Mapping[str, Any], data: bytes | None, error: Exception) -> HTTPError:
        """Return the problem for the raw parameter texts and the body that were read.

        ``error`` is what the fast path raised; it is told where no fault is found.
        """
        tree = None
        if self._body is not None and data is not None and (data or self._body.required):
            tree = _parse(data)
            if isinstance(tree, HTTPError):
                return tree
        faults: list[Fault] = []
        more = False
        for plan, kind in self._parameters:
            more |= _parameter_faults(plan, kind, raw, faults)
        if self._body is not None and data:
            more |= _add(faults, *find_faults(self._body.type, tree, location="body", limit=MAXIMUM - len(faults) + 1))
        if not faults:
            location = "body" if self._body is not None else str(self._parameters[0][0].source)
            known = error if isinstance(error, msgspec.ValidationError) else msgspec.ValidationError(str(error))
            faults.append(single_fault(known, location))
        return _problem(faults, more=more)


def _parse(data: bytes) -> Any:
    """Return the untyped body, or the problem of one that does not parse."""
    if not data:
        return _syntax("The body is empty")
    try:
        data.decode()
        tree = msgspec.json.decode(data)
    except msgspec.ValidationError as error:
        # It parses; a number in it is beyond what Python's numbers hold.
        return _problem([single_fault(error, "body")], more=False)
    except UnicodeDecodeError as error:
        return _syntax(f"Not valid UTF-8 (byte {error.start})")
    except msgspec.DecodeError as error:
        return _syntax(str(error))
    except RecursionError:
        return _syntax("JSON is nested too deeply")
    return tree


def _syntax(detail: str) -> BadRequest:
    return BadRequest("The body is not valid JSON", errors=(Fault("body", "", "syntax", detail),))


def _parameter_faults(plan: ParameterPlan, kind: inspect.Type, raw: Mapping[str, Any], faults: list[Fault]) -> bool:
    location = str(plan.source)
    pointer = "" if plan.model else token(plan.field.name)
    if plan.variable not in raw:
        if not plan.model and plan.field.required:
            faults.append(Fault(location, pointer, "missing", "Field required"))
        return False
    room = MAXIMUM - len(faults) + 1
    found, more = find_faults(
        kind, raw[plan.variable], location=location, pointer=pointer, strict=False, limit=max(room, 1)
    )
    if plan.model and plan.source is Source.HEADER:
        names = {one.attribute: one.name for one in plan.fields}
        found = [_renamed(one, names) for one in found]
    return _add(faults, found, more)


def _renamed(fault: Fault, names: Mapping[str, str]) -> Fault:
    first, slash, rest = fault.pointer[1:].partition("/")
    return msgspec.structs.replace(fault, pointer=f"/{names.get(first, first)}{slash}{rest}")


def _add(faults: list[Fault], found: Sequence[Fault], more: bool) -> bool:
    faults.extend(found)
    return more


def _problem(faults: list[Fault], *, more: bool) -> UnprocessableContent:
    if more or len(faults) > MAXIMUM:
        detail = f"More than {MAXIMUM} faults in the request; the first {MAXIMUM} are listed"
    else:
        detail = f"{len(faults)} fault{'' if len(faults) == 1 else 's'} in the request"
    return UnprocessableContent(detail, errors=tuple(faults[:MAXIMUM]))
