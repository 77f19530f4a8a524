"""The part of a client that is the same for every document."""

__all__ = ("RUNTIME",)

RUNTIME = '''\
class ProblemError(Exception):
    """An answer that is an error.

    ``problem`` is its body as RFC 9457 has it, empty where the answer is no problem; ``decode`` gives it with types.
    """

    def __init__(self, status: int, body: bytes, problem: dict[str, Any]) -> None:
        super().__init__(" ".join(str(one) for one in (status, problem.get("title"), problem.get("detail")) if one))
        self.status = status
        self.body = body
        self.problem = problem

    def decode(self, kind: type[_T]) -> _T:
        """Return the problem as one of the classes above. Raises msgspec.ValidationError where it is another one."""
        return msgspec.json.decode(self.body, type=kind)


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
    if answer.content_type.startswith("text/"):
        return answer.body.decode()
    return msgspec.json.decode(answer.body, type=kind)


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


def _form(body: Any, content_type: str) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=content_type == "multipart/form-data")
    fields = msgspec.to_builtins(body, builtin_types=(bytes,))
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bytes):
                form.add_field(name, one, filename=name, content_type="application/octet-stream")
            elif one is not None:
                form.add_field(name, _text(one))
    return form


def _encoded(body: Any, content_type: str) -> Any:
    if content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return _form(body, content_type)
    if content_type == "application/json" or content_type.endswith("+json"):
        return msgspec.json.encode(body)
    return body


def _problem_in(answer: _Answer) -> dict[str, Any]:
    if not answer.content_type.endswith("json"):
        return {}
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
'''
