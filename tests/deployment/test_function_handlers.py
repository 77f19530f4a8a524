"""The files of a new project for Lambda and Azure Functions serve it, when their host calls them."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from framework.cli.new.names import ProjectName
from framework.cli.new.project import shop_project, write_project
from tests.deployment.conftest import run

ROOT = Path(__file__).parents[2]
_LAMBDA = """
import json
from importlib import import_module

# As Lambda does with the handler of the template.
handler = import_module("deploy/aws/lambda_handler".replace("/", ".")).handler
path = "/api/products"
http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "test"}
event = {
    "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "isBase64Encoded": False,
    "headers": {"host": "localhost", "x-forwarded-proto": "https"},
    "requestContext": {"http": http, "stage": "$default", "domainName": "localhost", "requestId": "1"},
}
responses = [handler(event, None) for _ in range(2)]
print(json.dumps([[one["statusCode"], json.loads(one["body"])["total"]] for one in responses]))
"""
_AZURE = """
import asyncio
import json
import sys

from azure.functions import HttpRequest

sys.path.insert(0, "deploy/azure/functions")
from function_app import functions

(function,) = functions.get_functions()


async def call() -> list[object]:
    url, nothing = "https://localhost/api/products", {}
    request = HttpRequest("GET", url, headers={"host": "localhost"}, params=nothing, route_params=nothing, body=b"")
    response = await function.get_user_function()(request, None)
    return [response.status_code, json.loads(response.get_body())["total"]]


async def main() -> None:
    print(json.dumps([await call() for _ in range(2)]))


asyncio.run(main())
"""


@pytest.mark.parametrize(
    "script", [pytest.param(_LAMBDA, id="lambda"), pytest.param(_AZURE, id="azure", marks=pytest.mark.slow)]
)
def test_a_host_calls_the_handler(tmp_path: Path, script: str) -> None:
    """Two calls in one process: the services of the first stay open for the second."""
    project = tmp_path / "my-shop"
    write_project(project, shop_project(ProjectName("my-shop"), "sqlite"))
    (project / "host.py").write_text(script, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{project}:{ROOT}", "DATABASE_URL": "sqlite+aiosqlite:///app.db"}

    printed = run(sys.executable, "host.py", cwd=project, env=environment).splitlines()[-1]
    responses: Any = json.loads(printed)
    assert responses == [[200, 3], [200, 3]]
