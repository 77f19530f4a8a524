"""What was sent in a form, for a page that shows it again with the errors."""

from collections.abc import Mapping, Sequence
from typing import Any

from framework._inspect.types import holds_secrets
from framework._plan import Carrier, ParameterPlan
from framework.http_errors import InvalidForm, UnprocessableContent

__all__ = ("FormExplainer",)


class FormExplainer:
    """Made once for each route with a form; returns the error with the values that were sent."""

    def __init__(self, plans: Sequence[ParameterPlan]) -> None:
        self._models: dict[str, dict[str, str]] = {one.variable: _shown(one) for one in plans if one.model}
        self._single: dict[str, str] = {
            one.variable: name for one in plans if not one.model for name in _shown(one).values()
        }

    def __call__(self, problem: UnprocessableContent, raw: Mapping[str, Any]) -> InvalidForm:
        """Return the error of a form; ``raw`` has the strings that were read, by the variables of the parameters."""
        values = {name: raw[variable] for variable, name in self._single.items() if variable in raw}
        for variable, names in self._models.items():
            held = raw.get(variable, {})
            values |= {name: held[attribute] for attribute, name in names.items() if attribute in held}
        return InvalidForm(problem.detail, errors=problem.errors, values=values)


def _shown(plan: ParameterPlan) -> dict[str, str]:
    """Return the names of the fields that may be shown again, by the keys of their values."""
    return {
        one.attribute: one.name for one in plan.fields if one.carrier is Carrier.TEXT and not holds_secrets(one.type)
    }
