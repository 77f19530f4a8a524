"""The workloads: what is sent, what must come back, and what must be refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from tests.benchmarks.production import HEADERS

__all__ = (
    "COUNTED",
    "KINDS",
    "PART",
    "PARTS",
    "SECTIONS",
    "WORKLOADS",
    "Answer",
    "Request",
    "Variant",
    "Workload",
    "check_answer",
    "count_faults",
    "thing_path",
)

SECTIONS = 40
KINDS = 25
"""``routes1000`` has a route for each kind of each section."""

PART = bytes(range(256)) * 64
PARTS = 64
"""``stream`` sends 1 MiB in so many parts."""

Variant = str
"""Which application a server builds: ``base``, ``middleware5``, ``routes1000``, ``production``.

Others are for servers of aiohttp alone. Passed in ``BENCH_VARIANT``.
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, independent of host and port."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Requests that are sent in turn, the meaning of their answers, and requests that must get a 4xx."""

    name: str
    about: str
    requests: tuple[Request, ...]
    expected: tuple[Any, ...]
    """The decoded body for each request; ``None`` where any body is right (an error)."""
    statuses: frozenset[int] = frozenset({200})
    headers: tuple[str, ...] = ()
    """Headers that the answer must have."""
    refused: tuple[Request, ...] = ()
    without: frozenset[str] = frozenset()
    """Applications that answer without what the others add: they need neither the headers nor the refusals."""
    variant: Variant = "base"
    message: bytes | None = None
    """What is sent on the web socket that the request opens, and comes back with the same meaning."""
    refused_message: bytes = b""
    """What must not come back: the server closes the socket."""

    def of(self, application: str) -> "Workload":
        """Return the workload as one application must answer it."""
        return replace(self, headers=(), refused=()) if application in self.without else self


def _post(path: str, value: object) -> Request:
    body = json.dumps(value, separators=(",", ":")).encode()
    return Request("POST", path, {"content-type": "application/json"}, body)


def _form(path: str, values: Mapping[str, object]) -> Request:
    return Request("POST", path, {"content-type": "application/x-www-form-urlencoded"}, urlencode(values).encode())


def _upload(path: str, size: int) -> Request:
    """Post a file of letters, which wrk's script can hold."""
    boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n'
    head += "Content-Type: application/octet-stream\r\n\r\n"
    body = head.encode() + b"0123456789abcdef" * (size // 16) + f"\r\n--{boundary}--\r\n".encode()
    return Request("POST", path, {"content-type": f"multipart/form-data; boundary={boundary}"}, body)


def _get(path: str, **query: object) -> Request:
    return Request("GET", f"{path}?{urlencode(query)}" if query else path)


def _upgrade(path: str) -> Request:
    """Open a web socket; the key is any 16 bytes."""
    headers = {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13"}
    return Request("GET", path, headers | {"sec-websocket-key": "c2l4dGVlbiBieXRlcyBpdA=="})


def thing_path(section: int, kind: int) -> str:
    """Return the path of one of the thousand routes, up to its parameter."""
    return f"/section{section}/kind{kind}"


ORDER = {
    "customer": "Ada Lovelace",
    "address": {"street": "12 St James's Square", "city": "London", "country": "GB"},
    "lines": [
        {"sku": "ENGINE-001", "quantity": 2, "price": 12.5},
        {"sku": "PUNCHCARD-500", "quantity": 500, "price": 0.25},
        {"sku": "GEAR-77", "quantity": 16, "price": 3.75},
        {"sku": "MANUAL-FR", "quantity": 1, "price": 41.0},
    ],
    "note": "Deliver to the back door.",
}
LINE = b'{"sku":"SKU-0001","quantity":3,"price":9.5}'
SIGNUP = {"name": "Ada Lovelace", "email": "ada@example.org", "age": 36, "newsletter": "true"}
FAULTY_ORDER = {
    "customer": "",
    "address": {"street": "12 St James's Square", "city": "London", "country": "England"},
    "lines": [{"sku": "A", "quantity": 0, "price": -1.0} for _ in range(6)],
    "note": None,
}
"""Twenty broken constraints: the customer, the country, and three in each of six lines."""

_ITEMS = [{"id": number, "name": f"item {number}", "limit": None, "price": number + 0.5} for number in range(100)]
_TOKEN = {"x-token": "secret"}
_PLACES = [((place * 377) % (SECTIONS * KINDS)) for place in range(SECTIONS * KINDS)]
"""All thousand routes, each once, in an order in which neighbours lie far apart."""

_ALL = (
    Workload(
        name="plain",
        about="a text",
        requests=(_get("/plain"),),
        expected=("Hello, World!",),
    ),
    Workload(
        name="json",
        about="one small object",
        requests=(_get("/json"),),
        expected=({"message": "Hello, World!"},),
    ),
    Workload(
        name="item",
        about="int path parameter, required str and optional int query parameters, an injected service, 4 fields out",
        requests=(_get("/items/42", name="widget", limit=20),),
        expected=({"id": 42, "name": "widget", "limit": 20, "price": 9.75},),
        refused=(_get("/items/x", name="widget"), _get("/items/42"), _get("/items/42", name="widget", limit="x")),
    ),
    Workload(
        name="order",
        about=f"POST of a {len(_post('', ORDER).body)}-byte nested body with constraints, an injected service, 201",
        requests=(_post("/orders", ORDER),),
        expected=({"id": 1001, "customer": "Ada Lovelace", "lines": 4, "total": 251.0},),
        statuses=frozenset({201}),
        refused=(
            _post("/orders", ORDER | {"customer": ""}),
            _post("/orders", ORDER | {"unknown": 1}),
            _post("/orders", ORDER | {"lines": [{"sku": "ENGINE-001", "quantity": 1001, "price": 1.0}]}),
            Request("POST", "/orders", {"content-type": "application/json"}, b"{"),
        ),
    ),
    Workload(
        name="form",
        about="POST of a small urlencoded form of 4 fields into a Struct with constraints",
        requests=(_form("/form", SIGNUP),),
        expected=({"name": "Ada Lovelace", "number": 36},),
        refused=(_form("/form", SIGNUP | {"age": "x"}), _form("/form", {"name": "Ada"})),
    ),
    Workload(
        name="upload",
        about="a file of 1 MiB in a multipart form",
        requests=(_upload("/upload", 1_048_576),),
        expected=({"name": "large.bin", "number": 1_048_576},),
    ),
    Workload(
        name="items100",
        about="a list of 100 objects of 4 fields",
        requests=(_get("/items"),),
        expected=(_ITEMS,),
    ),
    Workload(
        name="scoped",
        about="a scoped generator service, opened and closed for the request",
        requests=(_get("/scoped"),) * 3,
        expected=({"open": True, "live": 1},) * 3,
    ),
    Workload(
        name="stream",
        about="1 MiB of bytes, yielded in 64 parts",
        requests=(_get("/stream"),),
        expected=(PART * PARTS,),
    ),
    Workload(
        name="ws",
        about=f"a message of {len(LINE)} bytes into a Struct with constraints and sent back, on 32 web sockets",
        requests=(_upgrade("/feed/benchmark"),),
        expected=(json.loads(LINE),),
        message=LINE,
        refused_message=LINE.replace(b"3", b"0"),
    ),
    Workload(
        name="faults",
        about="the body of order with 20 faults (how many of them a server reports stands beside its name)",
        requests=(_post("/orders", FAULTY_ORDER),),
        expected=(None,),
        statuses=frozenset({400, 422}),
    ),
    Workload(
        name="middleware5",
        about="json behind five middlewares that each add a header, and a guard that wants a header",
        requests=(Request("GET", "/guarded", _TOKEN),),
        expected=({"message": "Hello, World!"},),
        headers=tuple(f"x-layer-{number}" for number in range(1, 6)),
        refused=(_get("/guarded"),),
        variant="middleware5",
    ),
    Workload(
        name="routes1000",
        about="all of 1 000 routes in turn, each with an int path parameter",
        requests=tuple(_get(f"{thing_path(*divmod(place, KINDS))}/{place}") for place in _PLACES),
        expected=tuple({"section": place // KINDS, "kind": place % KINDS, "id": place} for place in _PLACES),
        variant="routes1000",
    ),
    Workload(
        name="production",
        about="json with request ids, access log, trusted hosts, security headers, CORS, compression (a body below its"
        " minimum), a rate limit and a JWT; hand-written aiohttp answers without any of them",
        requests=(Request("GET", "/json", HEADERS),),
        expected=({"message": "Hello, World!"},),
        headers=("x-request-id", "x-content-type-options", "content-security-policy", "access-control-allow-origin"),
        refused=(Request("GET", "/json", HEADERS | {"authorization": "Bearer a.b.c"}),),
        without=frozenset({"handwritten", "pieces"}),
        variant="production",
    ),
)
WORKLOADS: dict[str, Workload] = {workload.name: workload for workload in _ALL}
_TRACED = Workload(
    name="traced",
    about="json behind one middleware of aiohttp that reads method, path, template and status",
    requests=(_get("/json"),),
    expected=({"message": "Hello, World!"},),
    variant="traced",
)
_OWNER = {"authorization": "Bearer ada"}
_GUARDED = Workload(
    name="guarded",
    about="json behind a guard that compares the user of a bearer token with an int path parameter",
    requests=(Request("GET", "/owned/8", _OWNER),),
    expected=({"message": "Hello, World!"},),
    refused=(_get("/owned/8"), Request("GET", "/owned/x", _OWNER), Request("GET", "/owned/7", _OWNER)),
    variant="guarded",
)
_OBSERVED = Workload(
    name="observed",
    about="json with one observer that records template, status, bytes and time; by hand, with a middleware",
    requests=(_get("/json"),),
    expected=({"message": "Hello, World!"},),
    variant="observed",
)
COUNTED: dict[str, Workload] = WORKLOADS | {"traced": _TRACED, "guarded": _GUARDED, "observed": _OBSERVED}
"""Those of the gauge: the last three are for servers of aiohttp alone."""

_MEDIA_TYPES: dict[type[object], str] = {str: "text/plain", bytes: "application/octet-stream"}


def check_answer(workload: Workload, answer: Answer, expected: Any) -> str | None:
    """Say what is wrong with an answer, ``None`` if it means what it should."""
    if answer.status not in workload.statuses:
        return f"status {answer.status} instead of {sorted(workload.statuses)}: {answer.body[:200]!r}"
    missing = [name for name in workload.headers if name not in answer.headers]
    if missing:
        return f"no header {missing[0]}"
    if expected is None:
        return None
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    wanted = _MEDIA_TYPES.get(type(expected), "application/json")
    if media_type != wanted:
        return f"Content-Type {media_type!r} instead of {wanted!r}"
    if isinstance(expected, bytes):
        return None if answer.body == expected else f"other bytes, {len(answer.body)} of them"
    value = answer.body.decode() if isinstance(expected, str) else json.loads(answer.body)
    return None if value == expected else f"{value!r} instead of {expected!r}"


def count_faults(body: bytes) -> int:
    """Count the faults that an error body reports: the longest list in it, 1 where it has none."""
    try:
        value = json.loads(body)
    except ValueError:
        return 1
    return max(1, _longest_list(value))


def _longest_list(value: object) -> int:
    if isinstance(value, dict):
        return max(map(_longest_list, value.values()), default=0)
    if isinstance(value, list):
        return max(len(value), *map(_longest_list, value)) if value else 0
    return 0
