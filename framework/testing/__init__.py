"""Tests of an app against its own document: with every answer of a test, or with requests made at random.

Needs the extra ``framework-aiohttp[testing]``.
"""

from framework.testing.cases import (
    ContractFailure,
    ContractReport,
    ContractViolatedError,
    check_contract,
    schemathesis_schema,
)
from framework.testing.clients import ContractClient, check_answers
from framework.testing.contract import Answer, Contract, ContractError
from framework.testing.extras import MissingExtraError
from framework.testing.serving import serve_in_thread

__all__ = (
    "Answer",
    "Contract",
    "ContractClient",
    "ContractError",
    "ContractFailure",
    "ContractReport",
    "ContractViolatedError",
    "MissingExtraError",
    "check_answers",
    "check_contract",
    "schemathesis_schema",
    "serve_in_thread",
)
