"""Testing: a client that calls handlers, control of services, tasks and time, and contract tests.

The fixtures are in :mod:`framework.pytest_plugin`, which pytest loads by itself. Contract tests require the extra
``framework-aiohttp[testing]``.
"""

from framework.testing.app_client import AppClient, AppClientFactory
from framework.testing.cases import (
    ContractFailure,
    ContractReport,
    ContractViolatedError,
    check_contract,
    schemathesis_schema,
)
from framework.testing.clients import ContractClient, check_answers
from framework.testing.contract import Answer, Contract, ContractError
from framework.testing.control import Clock, Overrides, Tasks
from framework.testing.databases import rolled_back, session_on
from framework.testing.extras import MissingExtraError
from framework.testing.factories import make, make_many
from framework.testing.jobs import CapturedJobs
from framework.testing.replies import Reply
from framework.testing.serving import serve_in_thread
from framework.testing.streams import ClosedSocket, EventReader, TestSocket
from framework.testing.unexpected import ProblemError, UnexpectedStatus
from framework.testing.uploads import upload
from framework.testing.writing import PROVIDED

__all__ = (
    "PROVIDED",
    "Answer",
    "AppClient",
    "AppClientFactory",
    "CapturedJobs",
    "Clock",
    "ClosedSocket",
    "Contract",
    "ContractClient",
    "ContractError",
    "ContractFailure",
    "ContractReport",
    "ContractViolatedError",
    "EventReader",
    "MissingExtraError",
    "Overrides",
    "ProblemError",
    "Reply",
    "Tasks",
    "TestSocket",
    "UnexpectedStatus",
    "check_answers",
    "check_contract",
    "make",
    "make_many",
    "rolled_back",
    "schemathesis_schema",
    "serve_in_thread",
    "session_on",
    "upload",
)
