"""Responses: values with more around them, files, redirects, cookies."""

from framework._responses.cookies import SetCookie
from framework._responses.files import FileResponse
from framework._responses.redirects import Redirect, permanent_redirect, see_other, temporary_redirect
from framework._responses.response import Response

__all__ = (
    "FileResponse",
    "Redirect",
    "Response",
    "SetCookie",
    "permanent_redirect",
    "see_other",
    "temporary_redirect",
)
