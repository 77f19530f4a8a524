"""Explains a request that could not be bound: every fault of every source, in one problem."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from framework._binding.accepting import Reader
from framework._binding.faults import find_faults, single_fault
from framework._binding.faults_verdicts import token
from framework._binding.form_faults import FormFaults
from framework._binding.trees import MAXIMUM, parse_tree, problem_of
from framework._hooks import raise_broken
from framework._inspect.types import kind_of
from framework._plan import BodyKind, BodyPlan, ParameterPlan, Source
from framework.formats import Format
from framework.http_errors import BadRequest, FieldError, HTTPError

__all__ = ("INVALID", "FaultExplainer")

INVALID = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)
"""What the fast path raises for a request that is not valid; msgspec.ValidationError is a DecodeError.

The TypeError is that of an unhashable item in a set.
"""


class FaultExplainer:
    """Made once for each route; called after the fast path has failed."""

    def __init__(
        self,
        parameters: Sequence[ParameterPlan],
        body: BodyPlan | None,
        readers: Sequence[Reader] = (),
        formats: Sequence[Format] = (),
    ) -> None:
        self._parameters = tuple((one, kind_of(one.annotation)) for one in parameters if one.source is not Source.FORM)
        self._forms = [FormFaults(one, formats) for one in parameters if one.source is Source.FORM]
        # Of streams and forms nothing is left to explain, or the parameters tell it.
        told = body is not None and body.kind in {BodyKind.TYPED, BodyKind.BYTES, BodyKind.TEXT}
        self._body = body if told else None
        self._readers = readers
        self._location = str(parameters[0].source) if parameters else "body"

    def __call__(self, raw: Mapping[str, Any], data: Any, error: Exception, other: Reader | None = None) -> HTTPError:
        """Return the problem for the raw parameter texts and the body that were read.

        ``error`` is what the fast path raised; it is told where no fault is found. ``other`` is the reader of the body,
        where it is not the first.
        """
        raise_broken(error)
        tree = None
        if self._body is not None and data is not None and (data or self._body.required):
            tree = self._tree(data, other)
            if isinstance(tree, HTTPError):
                return tree
        faults: list[FieldError] = []
        more = False
        for plan, kind in self._parameters:
            more |= _parameter_faults(plan, kind, raw, faults)
        for form in self._forms:
            found = form.find(raw, MAXIMUM - len(faults) + 1)
            if isinstance(found, HTTPError):
                return found
            more |= _add(faults, *found)
        if self._body is not None and data:
            more |= _add(faults, *find_faults(self._body.type, tree, location="body", limit=MAXIMUM - len(faults) + 1))
        if not faults:
            location = "body" if self._body is not None else self._location
            known = error if isinstance(error, msgspec.ValidationError) else msgspec.ValidationError(str(error))
            faults.append(single_fault(known, location))
        return problem_of(faults, more=more)

    def _tree(self, data: Any, other: Reader | None) -> Any:
        if not self._readers:
            return data or BadRequest("The body is empty", errors=(_EMPTY,))
        reader = self._readers[0] if other is None else other
        return parse_tree(data, reader.format, "body")


_EMPTY = FieldError("body", "", "syntax", "The body is empty")


def _parameter_faults(
    plan: ParameterPlan, kind: inspect.Type, raw: Mapping[str, Any], faults: list[FieldError]
) -> bool:
    location = str(plan.source)
    pointer = "" if plan.model else token(plan.field.name)
    if plan.variable not in raw:
        if not plan.model and plan.field.required:
            faults.append(FieldError(location, pointer, "missing", "Field required"))
        return False
    room = MAXIMUM - len(faults) + 1
    found, more = find_faults(
        kind, raw[plan.variable], location=location, pointer=pointer, strict=False, limit=max(room, 1)
    )
    if plan.model and plan.source is Source.HEADER:
        names = {one.attribute: one.name for one in plan.fields}
        found = [_renamed(one, names) for one in found]
    return _add(faults, found, more)


def _renamed(fault: FieldError, names: Mapping[str, str]) -> FieldError:
    first, slash, rest = fault.pointer[1:].partition("/")
    return msgspec.structs.replace(fault, pointer=f"/{names.get(first, first)}{slash}{rest}")


def _add(faults: list[FieldError], found: Sequence[FieldError], more: bool) -> bool:
    faults.extend(found)
    return more
