"""Names whose values are secrets, and queries without them."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote_plus

__all__ = ("HIDDEN", "SECRET_ENDS", "hiding", "hiding_text", "naming_secrets", "plain_name")

# Names of query parameters whose values are secrets, letters and digits only.
_SECRET = frozenset(
    (
        "accesstoken", "apikey", "apitoken", "assertion", "auth", "authorization", "authtoken", "awsaccesskeyid",
        "clientassertion", "clientsecret", "code", "codeverifier", "credential", "credentials", "csrftoken", "idtoken",
        "idtokenhint", "jwt", "key", "otp", "passphrase", "passwd", "password", "pin", "privatekey", "pwd",
        "refreshtoken", "samlresponse", "secret", "session", "sessionid", "sig", "signature", "state", "ticket",
        "token", "xamzcredential", "xamzsecuritytoken", "xamzsignature", "xapikey", "xgoogcredential", "xgoogsignature",
    )
)  # fmt: skip
SECRET_ENDS = ("password", "secret", "token")
"""``reset_token``, ``new_password``."""
HIDDEN = "***"
# Tried at the beginning of each parameter only: otherwise, a name without a value takes time by its length squared.
_PARAMETER = re.compile(r"(?<![^&;])([^&;=]*+)=[^&;]*")
_PARTS = re.compile(r"[\[\].]+")
_PUNCTUATION = re.compile(r"[\W_]+")


def hiding(more: Iterable[str] = ()) -> Callable[[str], str]:
    """Return the function that replaces secrets in a query: ``page=2&token=abc`` -> ``page=2&token=***``.

    ``more`` are further names of parameters whose values are secrets.
    """
    is_secret = naming_secrets(more)

    def hide(parameter: re.Match[str]) -> str:
        return f"{parameter[1]}={HIDDEN}" if is_secret(unquote_plus(parameter[1])) else parameter[0]

    return lambda query: _PARAMETER.sub(hide, query)


def naming_secrets(more: Iterable[str] = ()) -> Callable[[str], bool]:
    """Return the function that returns whether a name is that of a secret: ``user[password]`` -> True.

    ``more`` are further names of secrets.
    """
    secret = _SECRET | {plain_name(one) for one in more}

    def is_secret(name: str) -> bool:
        parts = (plain_name(one) for one in (name, *_PARTS.split(name)))
        return any(one in secret or one.endswith(SECRET_ENDS) for one in parts)

    return is_secret


def plain_name(name: str) -> str:
    """Return a name in the compared form: ``access-token``, ``accessToken`` -> accesstoken."""
    return _PUNCTUATION.sub("", name).lower()


_IN_TEXT = (
    "password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key", "authorization", "cookie",
    "credential", "credentials", "private_key", "privatekey",
)  # fmt: skip
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:Basic|Bearer|Digest)\s+[^\s,;"']+|[^\s,;&"')}\]]+)"""
_CREDENTIALS = re.compile(r"\b(Basic|Bearer)\s+(?=[A-Za-z._~+/-]*[0-9=])[A-Za-z0-9._~+/=-]{8,}")
_OF_URL = re.compile(r"(?<=://)([^/\s:@]*):[^/\s]+@")


def hiding_text(more: Iterable[str] = ()) -> Callable[[str], str]:
    """Return the function that replaces secrets in a string: ``password=abc`` -> ``password=***``.

    Found are values behind a name that ends like one of a secret or of ``more``, credentials of the header
    ``Authorization``, and passwords of URLs.
    """
    names = "|".join(re.escape(one) for one in (*_IN_TEXT, *more))
    # Tried at the beginning of each word only, so that it takes linear time.
    named = re.compile(rf"""(?i)(?<![\w-])([\w-]*(?:{names})["']?\s{{0,4}}[=:]\s{{0,4}}){_VALUE}""")

    def hide(text: str) -> str:
        text = named.sub(rf"\1{HIDDEN}", text)
        text = _CREDENTIALS.sub(rf"\1 {HIDDEN}", text)
        return _OF_URL.sub(rf"\1:{HIDDEN}@", text) if "://" in text else text

    return hide
