"""Bodies that are not read at once: uploaded files, streams of bytes and of the parts of a form; reading for layers."""

from framework._serve.requests.arrival import read_body
from framework._serve.requests.forms import read_field
from framework._serve.requests.multipart import MultipartStream, Part
from framework._serve.requests.streams import BodyStream
from framework._serve.requests.uploads import UploadFile

__all__ = ("BodyStream", "MultipartStream", "Part", "UploadFile", "read_body", "read_field")
