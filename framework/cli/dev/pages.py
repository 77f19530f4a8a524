"""The pages of ``framework dev``: an app that cannot be served, and an unhandled exception."""

from collections.abc import Iterable, Iterator
from html import escape

from framework.cli.codes import parts_of
from framework.cli.dev.exceptions import Raised, RequestReport, Section
from framework.cli.dev.failures import shown_path
from framework.cli.dev.messages import Entry, Failure, Frame, Place

__all__ = ("exception_page", "failure_page")

_STYLE = """
:root {
  color-scheme: light dark;
  --line: #d6d3d1; --soft: #f5f5f4; --mark: #fee2e2; --error: #b91c1c; --quiet: #57534e;
}
@media (prefers-color-scheme: dark) {
  :root { --line: #44403c; --soft: #292524; --mark: #7f1d1d; --error: #fca5a5; --quiet: #a8a29e; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px; max-width: 1100px; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; color: var(--error); overflow-wrap: anywhere; }
h2 { font-size: 1.125rem; margin: 32px 0 8px; }
p { margin: 8px 0; }
pre { margin: 8px 0; padding: 8px 12px; background: var(--soft); overflow-x: auto; }
pre { font: 14px/1.5 ui-monospace, monospace; }
pre.message, pre.wrapped { white-space: pre-wrap; overflow-wrap: anywhere; }
pre.message { border-left: 4px solid var(--error); }
.code { padding: 2px 8px; background: var(--error); color: Canvas; font: 14px/1.5 ui-monospace, monospace; }
.place { font: 14px/1.5 ui-monospace, monospace; color: var(--quiet); overflow-wrap: anywhere; }
mark { background: var(--mark); color: inherit; display: inline-block; min-width: 100%; }
article, details { border-top: 1px solid var(--line); padding: 8px 0; }
summary { cursor: pointer; }
table { border-collapse: collapse; width: 100%; font: 14px/1.5 ui-monospace, monospace; }
th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0; overflow-wrap: anywhere; }
th { font-weight: normal; color: var(--quiet); width: 14em; }
footer { margin-top: 32px; color: var(--quiet); }
"""


def failure_page(failure: Failure, nonce: str, script: str) -> str:
    """Return the page of an app that cannot be served."""
    body = [f"<h1>{escape(failure.title)}</h1>", *(line for one in failure.entries for line in _entry(one))]
    if failure.frames:
        body += ["<h2>Traceback</h2>", *_frames(failure.frames)]
    return _page(failure.title, body, nonce, script, "This page reloads when a file changes.")


def exception_page(report: RequestReport, nonce: str, script: str) -> str:
    """Return the page of an unhandled exception."""
    first = report.raised[0]
    body = [f"<h1>{escape(first.kind)}</h1>", f'<p class="place">{escape(report.target)}</p>']
    for one in report.raised:
        body += _raised(one)
    for section in report.sections:
        body += _section(section)
    note = "Clients that do not accept HTML get the response of production. This page reloads when a file changes."
    return _page(f"{first.kind}: {report.target}", body, nonce, script, note)


def _page(title: str, body: Iterable[str], nonce: str, script: str, note: str) -> str:
    lines = (
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f'<style nonce="{nonce}">{_STYLE}</style></head>',
        "<body><main>",
        *body,
        f"</main><footer>framework dev. {escape(note)}</footer>",
        script,
        "</body></html>",
    )
    return "\n".join(lines)


def _entry(entry: Entry) -> Iterator[str]:
    yield "<article>"
    if entry.code:
        yield f'<p><strong class="code">{escape(entry.code)}</strong></p>'
    yield f'<pre class="message">{escape(entry.message)}</pre>'
    if entry.hint:
        yield f"<p><strong>Hint:</strong> {escape(entry.hint)}.</p>"
    if entry.place is not None:
        yield from _place(entry.place)
    if entry.explanation:
        yield from _explanation(entry)
    yield "</article>"


def _explanation(entry: Entry) -> Iterator[str]:
    """Yield the explanation of a code, of which only the title is open: paragraphs and blocks of code."""
    title, _, text = entry.explanation.partition("\n")
    yield f"<details><summary>{escape(title.removeprefix('# '))}</summary>"
    for part in parts_of(text):
        if part.is_code:
            yield f"<pre>{escape(part.text)}</pre>"
        else:
            yield from (f"<p>{escape(one)}</p>" for one in part.text.split("\n\n"))
    yield "</details>"


def _raised(raised: Raised) -> Iterator[str]:
    if raised.link:
        yield f"<h2>{escape(raised.link)}</h2>"
    yield f'<pre class="message">{escape(raised.message)}</pre>'
    yield from _frames(raised.frames)


def _frames(frames: Iterable[Frame]) -> Iterator[str]:
    """Yield the calls, the last first; those in installed packages are closed."""
    for frame in reversed(list(frames)):
        where = f"{escape(shown_path(frame.place.file))}:{frame.place.line} in {escape(frame.function)}"
        yield f'<details{" open" if frame.own else ""}><summary class="place">{where}</summary>'
        yield from _source(frame.place)
        yield "</details>"


def _place(place: Place) -> Iterator[str]:
    yield f'<p class="place">{escape(shown_path(place.file))}:{place.line}</p>'
    yield from _source(place)


def _source(place: Place) -> Iterator[str]:
    if place.source:
        lines = (_line(number, text, place.line) for number, text in enumerate(place.source, start=place.first))
        yield f"<pre>{chr(10).join(lines)}</pre>"


def _line(number: int, text: str, marked: int) -> str:
    shown = f"{number:>5}  {escape(text)}"
    return f"<mark>{shown}</mark>" if number == marked else shown


def _section(section: Section) -> Iterator[str]:
    yield f"<details{' open' if section.is_open else ''}><summary><strong>{escape(section.title)}</strong></summary>"
    if section.rows:
        yield "<table>"
        for name, value in section.rows:
            yield f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        yield "</table>"
    if section.text:
        yield f"<pre>{escape(section.text)}</pre>"
    for line, text in section.blocks:
        yield f'<p class="place">{escape(line)}</p>' if line else ""
        yield f'<pre class="wrapped">{escape(text)}</pre>'
    yield "</details>"
