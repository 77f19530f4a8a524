"""Password hashes with Argon2id (RFC 9106), computed outside of the event loop."""

import asyncio
import logging
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from importlib.util import find_spec
from typing import Any, TypeVar

from framework.errors import InvalidOptionError
from framework.option_errors import explained_class
from framework.types import SecretStr

__all__ = ("PasswordHasher",)

_T = TypeVar("_T")
_LOG = logging.getLogger("framework.security")
_LONGEST = 1_024
"""The longest password in bytes."""
_LEAST = {"memory": 19_456, "time": 2, "parallelism": 1, "at_once": 1}
_UNUSABLE = "A stored password cannot be verified: it is not a hash of Argon2 with reasonable parameters"
_DIGEST = 32
_SALT = 16
# Limit for a stored hash, in multiples of the own parameters: a forged hash must not be able to block the process.
_MOST = 8


@explained_class("PasswordHasher", "PasswordHasher()")
class PasswordHasher:
    """Hashes and verifies passwords: ``await hasher.hash(password)``, ``await hasher.verify(stored, password)``.

    ``memory`` (KiB), ``time`` and ``parallelism`` are the parameters of Argon2id. Up to ``at_once`` hashes are
    computed at the same time, in their own threads, and further calls wait; so at most ``at_once * memory`` is used.
    Passwords are compared in the form NFKC, are never truncated, and may have up to 1 024 bytes.
    """

    def __init__(self, *, memory: int = 19_456, time: int = 2, parallelism: int = 1, at_once: int = 4) -> None:
        given = {"memory": memory, "time": time, "parallelism": parallelism, "at_once": at_once}
        for name, value in given.items():
            number: Any = value
            if not isinstance(number, int) or isinstance(number, bool) or number < _LEAST[name]:
                what = f"{name}={number!r} is not a number from {_LEAST[name]} on"
                raise InvalidOptionError("PasswordHasher", what, hint=f"write it as {name}={_LEAST[name]}, or more")
        if find_spec("argon2") is None:
            what = "it uses the package argon2-cffi, which is not installed"
            raise InvalidOptionError("PasswordHasher", what, hint="install framework-aiohttp[passwords]")
        self._memory = memory
        self._time = time
        self._parallelism = parallelism
        self._at_once = at_once

    async def hash(self, password: str | SecretStr) -> str:
        """Return the hash of a password, to be stored; raises ValueError if it is too long or not Unicode."""
        plain = _normalized(password)
        if plain is None:
            raise ValueError(f"a password has {_LONGEST} bytes at most, of Unicode")
        return await self._run(partial(self._argon2.hash, plain))

    async def verify(self, stored: str | None, password: str | SecretStr) -> bool:
        """Return whether a password matches a stored hash.

        Pass ``None`` for an unknown user: the result is false, and takes as long as for a wrong password. It is also
        false if the stored string is not a hash of Argon2, which is logged.
        """
        plain = _normalized(password)
        if plain is None:
            return False
        found = None
        if stored is not None and self._is_usable(stored):
            found = await self._run(partial(self._matches, stored, plain))
        if found is None:
            if stored is not None:
                _LOG.warning(_UNUSABLE)
            await self._run(partial(self._matches, self._dummy, plain))
        return bool(found)

    def needs_rehash(self, stored: str) -> bool:
        """Return whether a hash has other parameters: if so, hash the password again after a successful ``verify``."""
        from argon2.exceptions import InvalidHashError

        try:
            return bool(self._argon2.check_needs_rehash(stored))
        except InvalidHashError:
            return True

    @cached_property
    def _argon2(self) -> Any:
        from argon2 import PasswordHasher as Argon2

        return Argon2(
            time_cost=self._time,
            memory_cost=self._memory,
            parallelism=self._parallelism,
            hash_len=_DIGEST,
            salt_len=_SALT,
        )

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        # Created by the first call: threads that are started before a process forks do not run in its children.
        return ThreadPoolExecutor(self._at_once, thread_name_prefix="framework-password")

    async def _run(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    @cached_property
    def _dummy(self) -> str:
        """Return a hash that matches no password, and takes as long to verify as the hash of a user."""
        salt, digest = (b64encode(secrets.token_bytes(one)).rstrip(b"=").decode() for one in (_SALT, _DIGEST))
        return f"$argon2id$v=19$m={self._memory},t={self._time},p={self._parallelism}${salt}${digest}"

    def _is_usable(self, stored: str) -> bool:
        from argon2 import extract_parameters
        from argon2.exceptions import InvalidHashError

        try:
            found = extract_parameters(stored)
        except (InvalidHashError, ValueError):
            return False
        return (
            found.memory_cost <= self._memory * _MOST
            and found.time_cost <= self._time * _MOST
            and found.parallelism <= self._parallelism * _MOST
        )

    def _matches(self, stored: str, plain: bytes) -> bool | None:
        """Return whether a password matches a hash; ``None`` if the hash is malformed."""
        from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError

        try:
            return bool(self._argon2.verify(stored, plain))
        except VerifyMismatchError:
            return False
        except (Argon2Error, InvalidHashError, ValueError):
            return None


def _normalized(password: str | SecretStr) -> bytes | None:
    """Return the bytes to hash, ``None`` for a password that is too long or not Unicode."""
    plain = password.reveal() if isinstance(password, SecretStr) else password
    if len(plain) > _LONGEST:
        return None
    try:
        # NIST SP 800-63B, section 5.1.1.2: keyboards encode the same character in different ways.
        data = unicodedata.normalize("NFKC", plain).encode()
    except UnicodeEncodeError:
        return None
    return data if len(data) <= _LONGEST else None
