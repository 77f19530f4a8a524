"""Writes operations as methods of the client: the signature, the docstring, and the call."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from framework.cli.client.annotations import quoted
from framework.cli.client.models import docstring
from framework.cli.client.operations import Answer, Argument, Operation

__all__ = ("write_method",)

_INDENT = " " * 4
_WIDTH = 120


class _Word(NamedTuple):
    """One argument of a call, and how it is split if it is too long for a line."""

    head: str
    parts: Sequence[str] = ()
    tail: str = ""

    def __str__(self) -> str:
        return f"{self.head}{', '.join(self.parts)}{self.tail}"

    def lines(self, indent: str) -> Iterator[str]:
        """Yield the lines of the argument."""
        line = f"{indent}{self},"
        if len(line) <= _WIDTH or not self.parts:
            yield line
            return
        yield f"{indent}{self.head}"
        yield from (f"{indent}{_INDENT}{one}," for one in self.parts)
        yield f"{indent}{self.tail},"


def write_method(operation: Operation) -> str:
    """Return the source of the method for an operation, indented for the class."""
    lines = [*_signature(operation), *docstring(_text(operation), _INDENT * 2), *_call(operation)]
    return "\n".join(lines)


def _text(operation: Operation) -> str:
    if not operation.errors:
        return operation.text
    return f"{operation.text}\n\nRaises ProblemError: {', '.join(operation.errors)}."


def _result(operation: Operation) -> str:
    stream = _stream(operation)
    if stream is not None:
        return f"AsyncIterator[{_item(stream)}]"
    kinds = list(dict.fromkeys(one.annotation for one in operation.answers)) or ["None"]
    kinds += ["bytes"] if any(one.is_any for one in operation.answers) else []
    if "Any" in kinds or operation.method == "HEAD":
        return "None" if operation.method == "HEAD" else "Any"
    return " | ".join([*(one for one in kinds if one != "None"), *(one for one in kinds if one == "None")])


def _signature(operation: Operation) -> list[str]:
    arguments = ["self", *(f"{one.name}: {one.annotation}" for one in operation.arguments if one.place == "path")]
    if operation.body is not None:
        kind = operation.body.annotation
        arguments.append(f"body: {kind}" if operation.body.is_required else f"body: {kind} | UnsetType = UNSET")
    named = [one for one in operation.arguments if one.place != "path"]
    keywords = [_named_argument(one) for one in named]
    if operation.body is not None and operation.body.choice is not None:
        keywords.append(operation.body.choice)
    arguments += ["*", *keywords] if keywords else []
    head, tail = f"{_INDENT}async def {operation.name}(", f") -> {_result(operation)}:"
    line = f"{head}{', '.join(arguments)}{tail}"
    if len(line) <= _WIDTH:
        return [line]
    return [head, *(f"{_INDENT * 2}{one}," for one in arguments), f"{_INDENT}{tail}"]


def _named_argument(one: Argument) -> str:
    if one.is_required:
        return f"{one.name}: {one.annotation}"
    kind = one.annotation if one.annotation.endswith(("Any", "| None")) else f"{one.annotation} | None"
    return f"{one.name}: {kind} = None"


def _stream(operation: Operation) -> Answer | None:
    return next((one for one in operation.answers if one.reader is not None), None)


def _item(stream: Answer) -> str:
    return f"ServerEvent[{stream.annotation}]" if stream.reader == "_events" else stream.annotation


def _call(operation: Operation) -> Iterator[str]:
    stream = _stream(operation)
    if stream is not None:
        words = [_Word(str(stream.reader)), _Word(stream.annotation), *_words(operation)]
        yield from _statement("async for one in self._stream", words, tail=":")
        yield f"{_INDENT * 3}yield one"
        return
    yield from _statement(f"{'answer = ' if _returns(operation) else ''}await self._send", _words(operation))
    if _returns(operation):
        yield from _statement(f"result: {_result(operation)} = _decode", [_Word("answer"), _Word(_kinds(operation))])
        yield f"{_INDENT * 2}return result"


def _returns(operation: Operation) -> bool:
    return _result(operation) != "None"


def _kinds(operation: Operation) -> str:
    kinds = {one.annotation for one in operation.answers}
    if len(kinds) == 1:
        return kinds.pop()
    return "{" + ", ".join(f"{one.status}: {one.annotation}" for one in operation.answers) + "}"


def _words(operation: Operation) -> list[_Word]:
    words = [_Word(quoted(operation.method)), _Word(_target(operation))]
    queries = [_pair(one) for one in operation.arguments if one.place == "query"]
    if queries:
        words.append(_Word("query=[", queries, "]"))
    for place in ("header", "cookie"):
        pairs = [f"{quoted(one.key)}: {_one_line(one)}" for one in operation.arguments if one.place == place]
        if pairs:
            words.append(_Word(f"{place}s={{", pairs, "}"))
    accepted = next((one.media_type for one in operation.answers if one.media_type is not None), None)
    if accepted is not None:
        words.append(_Word(f"accept={quoted(accepted)}"))
    if operation.body is not None:
        body = operation.body
        media_type = quoted(body.media_type) if body.choice is None else "content_type"
        words += [_Word("body=body"), _Word(f"content_type={media_type}")]
        if body.parts:
            words.append(_Word("parts=[", [quoted(one) for one in body.parts], "]"))
    return words


def _one_line(one: Argument) -> str:
    return f'_joined({one.name}, ",")' if one.annotation.startswith("Sequence[") else one.name


def _pair(one: Argument) -> str:
    key = quoted(one.key)
    if one.style == "deepObject":
        return f"*_deep({key}, {one.name})"
    separator = {"form": ",", "pipeDelimited": "|", "spaceDelimited": " "}.get(one.style)
    return f"({key}, {one.name})" if separator is None else f"({key}, _joined({one.name}, {quoted(separator)}))"


def _target(operation: Operation) -> str:
    path = operation.path
    for key, name in operation.placeholders.items():
        path = path.replace(f"{{{key}}}", f"\0{name}\1")
    literal = path.replace("{", "{{").replace("}", "}}") if operation.placeholders else path
    for name in operation.placeholders.values():
        literal = literal.replace(f"\0{name}\1", f"{{_segment({name})}}")
    return f'f"{literal}"' if operation.placeholders else quoted(path)


def _statement(head: str, words: Sequence[_Word], tail: str = "") -> Iterator[str]:
    """Yield the lines of a call in the style of formatters: one line, two lines, or one argument per line."""
    written = ", ".join(str(one) for one in words)
    line = f"{_INDENT * 2}{head}({written}){tail}"
    inner = f"{_INDENT * 3}{written}"
    if len(line) <= _WIDTH:
        yield line
        return
    yield f"{_INDENT * 2}{head}("
    if len(inner) <= _WIDTH:
        yield inner
    else:
        for one in words:
            yield from one.lines(_INDENT * 3)
    yield f"{_INDENT * 2}){tail}"
