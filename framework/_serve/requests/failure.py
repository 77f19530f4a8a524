"""Explains a request that could not be bound: all validation errors of all sources in one problem."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from framework._hooks import raise_broken
from framework._http.pointers import step as pointer_step
from framework._inspect.types import kind_of
from framework._plan import BodyKind, BodyPlan, ParameterPlan, Source
from framework._serve.requests.accepting import Reader
from framework._serve.requests.form_validation import FormValidation
from framework._serve.requests.submitted import FormExplainer
from framework._serve.requests.untyped import MAXIMUM, parse_tree, problem_of
from framework._serve.validation.walker import find_errors, single_error
from framework.formats import Format
from framework.http_errors import BadRequest, FieldError, HTTPError

__all__ = ("INVALID", "ErrorExplainer")

INVALID = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)
"""The exceptions of the fast path for an invalid request; msgspec.ValidationError is a DecodeError.

The TypeError is that of an unhashable item in a set.
"""


class ErrorExplainer:
    """Made once for each route; called after the fast path has failed."""

    def __init__(
        self,
        parameters: Sequence[ParameterPlan],
        body: BodyPlan | None,
        readers: Sequence[Reader] = (),
        formats: Sequence[Format] = (),
    ) -> None:
        self._parameters = tuple((one, kind_of(one.annotation)) for one in parameters if one.source is not Source.FORM)
        self._forms = [FormValidation(one, formats) for one in parameters if one.source is Source.FORM]
        self._as_form = FormExplainer([one for one in parameters if one.source is Source.FORM]) if self._forms else None
        # The errors of streams and forms are those of their parameters.
        is_explained = body is not None and body.kind in {BodyKind.TYPED, BodyKind.BYTES, BodyKind.TEXT}
        self._body = body if is_explained else None
        self._readers = readers
        self._location = str(parameters[0].source) if parameters else "body"

    def __call__(self, raw: Mapping[str, Any], data: Any, error: Exception, other: Reader | None = None) -> HTTPError:
        """Return the problem for the raw parameter strings and the body that were read.

        ``error`` is the exception of the fast path, reported if no error is found. ``other`` is the reader of the body,
        if it is not the first.
        """
        raise_broken(error)
        tree = None
        if self._body is not None and data is not None and (data or self._body.required):
            tree = self._tree(data, other)
            if isinstance(tree, HTTPError):
                return tree
        errors: list[FieldError] = []
        more = False
        for plan, kind in self._parameters:
            more |= _parameter_errors(plan, kind, raw, errors)
        for form in self._forms:
            found = form.find(raw, MAXIMUM - len(errors) + 1)
            if isinstance(found, HTTPError):
                return found
            more |= _add(errors, *found)
        if self._body is not None and data:
            more |= _add(errors, *find_errors(self._body.type, tree, location="body", limit=MAXIMUM - len(errors) + 1))
        if not errors:
            location = "body" if self._body is not None else self._location
            known = error if isinstance(error, msgspec.ValidationError) else msgspec.ValidationError(str(error))
            errors.append(single_error(known, location))
        problem = problem_of(errors, more=more)
        return problem if self._as_form is None else self._as_form(problem, raw)

    def _tree(self, data: Any, other: Reader | None) -> Any:
        if not self._readers:
            return data or BadRequest("The body is empty", errors=(_EMPTY,))
        reader = self._readers[0] if other is None else other
        return parse_tree(data, reader.format, "body")


_EMPTY = FieldError("body", "", "syntax", "The body is empty")


def _parameter_errors(
    plan: ParameterPlan, kind: inspect.Type, raw: Mapping[str, Any], errors: list[FieldError]
) -> bool:
    location = str(plan.source)
    pointer = "" if plan.model else pointer_step(plan.field.name)
    if plan.variable not in raw:
        if not plan.model and plan.field.required:
            errors.append(FieldError(location, pointer, "missing", "Field required"))
        return False
    room = MAXIMUM - len(errors) + 1
    found, more = find_errors(
        kind, raw[plan.variable], location=location, pointer=pointer, strict=False, limit=max(room, 1)
    )
    if plan.model and plan.source is Source.HEADER:
        names = {one.attribute: one.name for one in plan.fields}
        found = [_renamed(one, names) for one in found]
    return _add(errors, found, more)


def _renamed(field_error: FieldError, names: Mapping[str, str]) -> FieldError:
    first, slash, rest = field_error.pointer[1:].partition("/")
    return msgspec.structs.replace(field_error, pointer=f"/{names.get(first, first)}{slash}{rest}")


def _add(errors: list[FieldError], found: Sequence[FieldError], more: bool) -> bool:
    errors.extend(found)
    return more
