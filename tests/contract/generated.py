"""How the app with everything is sent generated requests, for the test that makes some and the program that makes many.

What is left out stands here, with its reason.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from framework.testing import ContractReport, ContractViolatedError, check_contract
from tests.contract.large.secured import TOKEN
from tests.contract.large_app import INTERNAL, create_app

__all__ = ("check_everything",)

# Cookies are generated, so a header of theirs would take the place of what should be wrong with them.
_CREDENTIALS = {"Authorization": f"Bearer {TOKEN}", "X-API-Key": TOKEN, "X-Own": TOKEN}
_NO_MISTAKES: Mapping[tuple[str, str], str] = {
    ("GET /tasks/feed", "positive_data_acceptance"): "No schema says what a cursor of this list is.",
}


def check_everything(**settings: Any) -> Iterator[ContractReport]:
    """Yield what came of requests to each document, without what is no mistake."""
    yield from (_check(path, settings) for path in (None, INTERNAL))


def _check(path: str | None, settings: Mapping[str, Any]) -> ContractReport:
    try:
        return check_contract(create_app(), path=path, headers=_CREDENTIALS, **settings)
    except ContractViolatedError as error:
        failures = [one for one in error.report.failures if (one.operation, one.check) not in _NO_MISTAKES]
        return error.report._replace(failures=failures)
