"""Pages that the server renders, by Jinja: compiled and checked when the app is built.

Requires the extra ``framework-aiohttp[templating]``.
"""

from framework.templating.flashes import Flash, flash, flashes
from framework.templating.forms import FormState
from framework.templating.templates import Template, Templates

__all__ = ("Flash", "FormState", "Template", "Templates", "flash", "flashes")
