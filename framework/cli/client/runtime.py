"""The part of a client that is the same for all documents."""

__all__ = ("RUNTIME",)

RUNTIME = '''\
class ProblemError(Exception):
    """An answer that is an error.

    ``problem`` is its body as RFC 9457 has it, empty where the answer is not a problem; ``decode`` gives it with types.
    """

    def __init__(self, status: int, body: bytes, problem: dict[str, Any]) -> None:
        super().__init__(" ".join(str(one) for one in (status, problem.get("title"), problem.get("detail")) if one))
        self.status = status
        self.body = body
        self.problem = problem

    def decode(self, kind: type[_T]) -> _T:
        """Return the problem as one of the classes above. Raises msgspec.ValidationError where it is another one."""
        return msgspec.json.decode(self.body, type=kind)


class FilePart(NamedTuple):
    """A file of a form with more than its bytes."""

    content: bytes
    filename: str
    content_type: str = "application/octet-stream"


class ServerEvent(msgspec.Struct, Generic[_T]):
    """A server-sent event; the data is UNSET where it has none."""

    data: _T | UnsetType = UNSET
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    """Milliseconds after which a client that has lost its connection should come back."""


class _Answer(NamedTuple):
    status: int
    body: bytes
    content_type: str


def _decode(answer: _Answer, kind: Any) -> Any:
    if isinstance(kind, dict):
        kind = kind.get(answer.status)
    if kind is None:
        return None
    if kind is bytes:
        return answer.body
    if answer.content_type == "application/json" or answer.content_type.endswith("+json"):
        return msgspec.json.decode(answer.body, type=kind)
    if answer.content_type == "application/msgpack":
        return msgspec.msgpack.decode(answer.body, type=kind)
    return answer.body.decode() if kind is str else answer.body


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\\n")
        for line in lines:
            yield line.removesuffix(b"\\r")
    if rest:
        yield rest


async def _items(response: aiohttp.ClientResponse, kind: Any) -> AsyncIterator[Any]:
    async for line in _lines(response):
        if line:
            yield msgspec.json.decode(line, type=kind)


async def _events(response: aiohttp.ClientResponse, kind: Any) -> AsyncIterator[Any]:
    found: dict[str, list[str]] = {}
    async for line in _lines(response):
        name, _, value = line.decode().partition(":")
        if name:
            found.setdefault(name, []).append(value.removeprefix(" "))
        elif not line and found:
            yield _event(found, kind)
            found = {}


def _event(found: Mapping[str, Sequence[str]], kind: Any) -> ServerEvent[Any]:
    event: ServerEvent[Any] = ServerEvent(
        event=found["event"][-1] if "event" in found else None,
        id=found["id"][-1] if "id" in found else None,
        retry=int(found["retry"][-1]) if "retry" in found else None,
    )
    if "data" in found:
        text = "\\n".join(found["data"])
        event.data = text if kind is str else msgspec.json.decode(text, type=kind)
    return event


def _text(value: Any) -> str:
    plain = msgspec.to_builtins(value)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


def _segment(value: Any) -> str:
    return quote(_text(value), safe="")


def _pairs(items: Sequence[tuple[str, Any]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in items:
        several = value if isinstance(value, list | tuple | set | frozenset) else [value]
        found += [(name, _text(one)) for one in several if one is not None]
    return found


def _joined(values: Any, separator: str) -> str | None:
    return None if values is None else separator.join(_text(one) for one in values)


def _deep(name: str, value: Any) -> list[tuple[str, Any]]:
    fields = {} if value is None else msgspec.to_builtins(value)
    return [(f"{name}[{key}]", one) for key, one in fields.items()]


def _form(body: Any, content_type: str, parts: Sequence[str] = ()) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=content_type == "multipart/form-data")
    for name, value in _fields(body):
        if value is None or value is UNSET:
            continue
        if name in parts:
            form.add_field(name, msgspec.json.encode(value).decode(), content_type="application/json")
            continue
        for one in value if isinstance(value, list | set | frozenset) else [value]:
            if isinstance(one, bytes):
                one = FilePart(one, name)
            if isinstance(one, FilePart):
                form.add_field(name, one.content, filename=one.filename, content_type=one.content_type)
            else:
                form.add_field(name, _text(one))
    return form


def _fields(body: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(body, Mapping):
        return body.items()
    return [(one.encode_name, getattr(body, one.name)) for one in msgspec.structs.fields(body)]


def _encoded(body: Any, content_type: str, parts: Sequence[str]) -> Any:
    if content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return _form(body, content_type, parts)
    if content_type == "application/json" or content_type.endswith("+json"):
        return msgspec.json.encode(body)
    return msgspec.msgpack.encode(body) if content_type == "application/msgpack" else body


def _problem_in(answer: _Answer) -> dict[str, Any]:
    if not answer.content_type.endswith("json"):
        return {}
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
'''
