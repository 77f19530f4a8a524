"""Emits middlewares around an endpoint: plain ones as functions that are called, compiled ones as lines.

Adjacent compiled middlewares share a function. If they are next to the endpoint, their lines are in the endpoint
itself.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import CoroutineType

from msgspec import Struct
from multidict import istr

from framework._inspect.signatures import is_async
from framework._plan import LayerPlan, StepsPlan
from framework._serve.aiohttp_names import HEADERS, is_secure
from framework._serve.errors import ErrorResponder, require_response
from framework._serve.responses.constant import Constant, constant_headers
from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.header_lines import HeaderLines, header_lines_for
from framework._source import Source

__all__ = ("AnswerFor", "Chain", "Passage", "constant_of", "emit_around", "emit_failure", "varied_of")

AnswerFor = Callable[[Sequence[LayerPlan]], ErrorResponder]
"""Returns the ErrorResponder for a stack of layers, outermost first."""


def constant_of(steps: Iterable[StepsPlan]) -> Constant:
    """Return the headers that are on all responses."""
    return constant_headers(one.steps.headers for one in steps)


def varied_of(steps: Sequence[StepsPlan]) -> object:
    """Return ``varied`` of the heads that are chosen by headers of the request, ``None`` if none are."""
    return steps if any(one.steps.headers_by for one in steps) else None


class _Item(Struct, frozen=True):
    """A middleware in its place: the variable of a plain one, or the steps of a compiled one."""

    depth: int
    index: int
    what: str | StepsPlan


class Chain:
    """All middlewares around an endpoint, outermost first."""

    def __init__(self, layers: Sequence[LayerPlan], steps: Iterable[StepsPlan], answer_for: AnswerFor) -> None:
        self._layers = layers
        self._answer_for = answer_for
        own = [
            _Item(depth, index, name)
            for depth, level in enumerate(layers, start=1)
            for index, name in enumerate(level.middlewares)
            if name not in level.compiled
        ]
        compiled = [_Item(one.depth, one.index, one) for one in steps if not one.is_inner]
        self._items = sorted([*own, *compiled], key=lambda one: (one.depth, one.index))

    def answer(self, depth: int) -> ErrorResponder:
        """Return the responder for the errors of a middleware."""
        return self._answer_for(self._layers[:depth])

    def take_innermost(self) -> list[StepsPlan]:
        """Remove and return the compiled middlewares next to the endpoint that have the same error responder."""
        failed = self.answer(len(self._layers))
        taken: list[StepsPlan] = []
        while self._items and isinstance(one := self._items[-1].what, StepsPlan):
            if self.answer(self._items[-1].depth) is not failed:
                break
            self._items.pop()
            taken.insert(0, one)
        return taken

    def groups(self) -> Iterator[tuple[int, int, str | list[StepsPlan]]]:
        """Yield ``(number, depth, middleware)``, innermost first; compiled ones with one responder are together."""
        number = len(self._items)
        while number:
            number -= 1
            depth, what = self._items[number].depth, self._items[number].what
            if isinstance(what, str):
                yield number, depth, what
                continue
            group = [what]
            while number and isinstance(before := self._items[number - 1].what, StepsPlan):
                if self.answer(self._items[number - 1].depth) is not self.answer(depth):
                    break
                number -= 1
                group.insert(0, before)
            yield number, depth, group


class _Entry(Struct, frozen=True):
    steps: StepsPlan
    name: str
    stage: int
    """The value of ``passed`` when it is reached."""


class Passage:
    """The lines of compiled middlewares in one function, on the way in and on the way out."""

    def __init__(
        self,
        source: Source,
        outer: Sequence[StepsPlan],
        inner: Sequence[StepsPlan] = (),
        *,
        prefix: str = "",
        failed: str = "failed",
        constant: Constant = (),
        varied: object = None,
        may_be_sent: bool = False,
    ) -> None:
        self._source = source
        self._prefix = prefix
        self._failed = failed
        self._constant = constant
        self._varied = varied
        """``varied`` of the heads that were chosen by the request, ``None`` if none are."""
        self._may_be_sent = may_be_sent
        """Whether the response may have been sent already."""
        self._headers = constant_of([*outer, *inner])
        self._secure = constant_headers(one.steps.secure_headers for one in (*outer, *inner))
        self._sections: list[list[_Entry]] = [[], [], []]
        self._gates: list[int] = [0, 0, 0]
        self._number(prefix, outer, inner)
        self._entries = [one for section in self._sections for one in section]
        self._stages = {one.stage for one in self._entries if one.steps.steps.after is not None}

    def _number(self, prefix: str, outer: Sequence[StepsPlan], inner: Sequence[StepsPlan]) -> None:
        behind = [one for one in inner if not one.steps.after_validation]
        validated = [one for one in inner if one.steps.after_validation]
        stage = count = 0
        for at, section in enumerate((outer, behind, validated)):
            if at and section:
                stage += 1
            self._gates[at] = stage
            for one in section:
                self._sections[at].append(_Entry(one, f"{prefix}{count}", stage))
                stage += one.steps.before is not None
                count += 1

    @property
    def is_quiet(self) -> bool:
        """Whether there are only constant headers."""
        steps = [one.steps.steps for one in self._entries]
        return all(one.before is None and one.after is None and not one.secure_headers for one in steps)

    @property
    def has_headers(self) -> bool:
        """Whether there are headers that are constant, or chosen by the request."""
        return bool(self._headers) or any(one.steps.steps.headers_by for one in self._entries)

    def begin(self) -> None:
        """Emit the lines before all others."""
        if any(self._stages):
            self._source.line("passed = 0")
        for one in self._entries:
            if one.steps.steps.keeps:
                self._source.line(f"kept_{one.name} = None")

    def enter(self, call: Callable[[], None]) -> None:
        """Emit the way in, and the call at its end unless a middleware has returned a response."""
        self._enter(self._sections[0], call)

    def _enter(self, entries: Sequence[_Entry], call: Callable[[], None]) -> None:
        waiting = [one for one in entries if one.steps.steps.before is not None]
        if not waiting:
            call()
            return
        name = self._call_before(waiting[0])
        if waiting[0].steps.steps.keeps:
            self._pass(waiting[0].stage + 1)
            self._enter(waiting[1:], call)
            return
        with self._source.block("if response is None:"):
            self._pass(waiting[0].stage + 1)
            self._enter(waiting[1:], call)
        with self._source.block("else:"):
            self._source.line(f"require_response(response, {name})")

    def enter_behind(self, section: int) -> None:
        """Emit the way in after the guards (1), or after validation (2); the lines that follow are indented."""
        if not self._sections[section]:
            return
        self._pass(self._gates[section])
        for one in self._sections[section]:
            if one.steps.steps.before is None:
                continue
            name = self._call_before(one)
            if not one.steps.steps.keeps:
                with self._source.block("if response is not None:"):
                    self._source.line(f"require_response(response, {name})")
                self._source.open("else:")
            self._pass(one.stage + 1)

    def _call_before(self, entry: _Entry) -> str:
        name, before = f"before_{entry.name}", entry.steps.steps.before
        self._source.use(require_response=require_response, **{name: before})
        call = f"{'await ' if is_async(before) else ''}{name}(request)"
        tests: list[str] = []
        for at, header in enumerate(entry.steps.steps.before_if):
            # PERF: a look-up in C takes a third of the time of a call.
            self._source.use(**{f"{name}_if_{at}": istr(header)})
            tests.append(f"{name}_if_{at} in {HEADERS}")
        target = f"kept_{entry.name}" if entry.steps.steps.keeps else "response"
        self._source.line(f"{target} = {call}" + (f" if {' or '.join(tests)} else None" if tests else ""))
        return name

    def _pass(self, stage: int) -> None:
        if stage in self._stages:
            self._source.line(f"passed = {stage}")

    def leave(self) -> None:
        """Emit the way out of the response."""
        ending = [one for one in reversed(self._entries) if one.steps.steps.after is not None]
        if ending and self._may_be_sent:
            with self._source.block("if not response.prepared:"):
                self._emit_afters(ending)
        else:
            self._emit_afters(ending)
        self.emit_headers()
        self._emit_secure()
        self._source.line("return response")

    def _emit_afters(self, entries: Sequence[_Entry]) -> None:
        for one in entries:
            if one.stage:
                with self._source.block(f"if passed >= {one.stage}:"):
                    self._emit_after(one)
            else:
                self._emit_after(one)

    def _emit_after(self, entry: _Entry) -> None:
        source, name, after = self._source, f"after_{entry.name}", entry.steps.steps.after
        waits = is_async(after)
        source.use(
            require_response=require_response, Coroutine=CoroutineType, EncodedResponse=EncodedResponse, **{name: after}
        )
        with source.block("try:"):
            kept = f", kept_{entry.name}" if entry.steps.steps.keeps else ""
            source.line(f"response = {'await ' if waits else ''}{name}(request, response{kept})")
            # PERF: one check for the usual class; type() is cheaper than __class__.
            with source.block("if type(response) is not EncodedResponse:"):
                if not waits:
                    # A plain function that seldom has to wait makes no coroutine for each response.
                    source.line("if type(response) is Coroutine: response = await response")
                source.line(f"if response is None: require_response(response, {name})")
        emit_failure(source, self._failed, target="response = ")

    def emit_headers(self, *, always: bool = False) -> None:
        """Emit the lines that add headers to a response whose prepared head does not have them."""
        lines = list(self._header_lines())
        known = ""
        if self._varied is not None:
            self._source.use(VARIED=self._varied)
            known = "response._head.varied is not VARIED"
        elif self._constant:
            self._source.use(CONSTANT=self._constant)
            known = "response._head.constant is not CONSTANT"
        if always or not known or not lines:
            self._source.lines(lines)
            return
        with self._source.block(f"if type(response) is not EncodedResponse or {known}:"):
            self._source.lines(lines)

    def _header_lines(self) -> Iterator[str]:
        for one in self._entries:
            for at, (name, choose) in enumerate(one.steps.steps.headers_by.items()):
                added = f"add_{one.name}_{at}"
                self._source.use(**{added: header_lines_for(name, choose)})
                yield f"{added}(request, response)"
        if self._headers:
            yield self._adding("fixed", self._headers)

    def _emit_secure(self) -> None:
        if not self._secure:
            return
        self._source.use(is_secure=is_secure)
        with self._source.block("if is_secure(request):"):
            self._source.line(self._adding("secure", self._secure))

    def _adding(self, kind: str, headers: Constant) -> str:
        """Return the line that adds headers to a response that does not have them."""
        name = f"add_{kind}_{self._prefix}".rstrip("_")
        self._source.use(**{name: HeaderLines(dict(headers)).add_to})
        return f"{name}(response)"


def emit_failure(source: Source, name: str, answer: ErrorResponder | None = None, *, target: str = "return ") -> None:
    """Emit the lines that turn an exception into a response."""
    if answer is not None:
        source.use(**{name: answer})
    with source.block("except Exception as error:"):
        source.line(f"{target}await {name}(request, error)")


def emit_around(
    source: Source,
    chain: Chain,
    inner: str,
    *,
    constant: Constant = (),
    varied: object = None,
    may_be_sent: bool = True,
) -> str:
    """Emit the functions of all middlewares of a chain around a function; return the name of the outermost."""
    for number, depth, what in chain.groups():
        name, failed = f"layer_{number}", f"failed_{number}"
        with source.block(f"async def {name}(request):"):
            if isinstance(what, str):
                _emit_called(source, what, inner)
                emit_failure(source, failed, chain.answer(depth))
            else:
                source.use(**{failed: chain.answer(depth)})
                passage = Passage(
                    source,
                    what,
                    prefix=f"{number}_",
                    failed=failed,
                    constant=constant,
                    varied=varied,
                    may_be_sent=may_be_sent,
                )
                _emit_passage(source, passage, f"response = await {inner}(request)", failed)
        inner = name
    return inner


def _emit_called(source: Source, middleware: str, inner: str) -> None:
    with source.block("try:"):
        source.line(f"response = await {middleware}(request, {inner})")
        # PERF: StreamResponse is an ABC, whose isinstance() is a Python function.
        source.line("if response.__class__ is EncodedResponse or isinstance(response, StreamResponse):")
        source.line("    return response")
        source.line(f"require_response(response, {middleware})")


def _emit_passage(source: Source, passage: Passage, call: str, failed: str) -> None:
    passage.begin()
    with source.block("try:"):
        passage.enter(lambda: source.line(call))
    emit_failure(source, failed, target="response = ")
    passage.leave()
