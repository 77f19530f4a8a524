"""Responses: values with headers and cookies, files, redirects, server-sent events."""

from framework._serve.files.response import FileResponse
from framework._serve.responses.coder import Coder
from framework._serve.responses.conditional import not_modified
from framework._serve.responses.constant import add_vary
from framework._serve.responses.cookies import SetCookie
from framework._serve.responses.header_lines import HeaderLines, header_lines_for
from framework._serve.responses.redirects import Redirect, permanent_redirect, see_other, temporary_redirect
from framework._serve.responses.response import Response
from framework._serve.responses.response_header import ResponseHeader, set_header
from framework._serve.responses.small_bodies import unless_small
from framework._serve.streams.events import Event, EventStream, Notice

__all__ = (
    "Coder",
    "Event",
    "EventStream",
    "FileResponse",
    "HeaderLines",
    "Notice",
    "Redirect",
    "Response",
    "ResponseHeader",
    "SetCookie",
    "add_vary",
    "header_lines_for",
    "not_modified",
    "permanent_redirect",
    "see_other",
    "set_header",
    "temporary_redirect",
    "unless_small",
)
