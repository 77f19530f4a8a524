"""Makes Python names from names of a document: classes, methods, arguments and fields."""

import keyword
import re
from collections.abc import Iterable

__all__ = ("RESERVED", "class_name", "method_name", "snake_name", "unique_names")

RESERVED = frozenset(
    {
        *("Any", "AsyncIterator", "Decimal", "Generic", "Iterable", "Literal", "Mapping", "NamedTuple", "Sequence"),
        *("TypeAlias", "TypeVar", "UNSET", "URL", "UUID", "UnsetType"),
        *("Client", "FilePart", "ProblemError", "ServerEvent"),
    }
)
"""Names that a generated module uses itself, and that no class of the document may have."""

# A field, an argument or a method with one of these names would change the meaning of annotations beside it.
_SHADOWED = frozenset(
    {"bool", "bytes", "datetime", "dict", "float", "int", "list", "msgspec", "quote", "self", "str", "tuple"}
)
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\W+|_+")


def snake_name(text: str) -> str:
    """Return a name for an argument or field: ``page-size`` -> ``page_size``, ``from`` -> ``from_``."""
    words = [one.lower() for one in _WORD_ENDS.split(text) if one]
    name = "_".join(words) or "value"
    if not name.isidentifier():
        name = "".join(one if one.isalnum() or one == "_" else "_" for one in f"field_{name}")
    return f"{name}_" if keyword.iskeyword(name) or name in _SHADOWED else name


def method_name(operation_id: str) -> str:
    """Return a name for a method: ``OrderController.show`` -> ``order_show``."""
    return snake_name(re.sub(r"(?<=\w)Controller(?=\W|$)", "", operation_id))


def class_name(text: str) -> str:
    """Return a name for a class: ``shop.orders.Line`` -> ``ShopOrdersLine``."""
    parts = [one for one in re.split(r"\W+", text) if one]
    name = "".join(one[:1].upper() + one[1:] for one in parts)
    if not name.isidentifier():
        name = f"Model{name}"
    return f"{name}Model" if name in RESERVED or keyword.iskeyword(name) else name


def unique_names(named: Iterable[tuple[str, str]], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return a unique name for each key from the requested names; duplicates are numbered."""
    used = set(taken)
    names: dict[str, str] = {}
    for key, wanted in named:
        name, number = wanted, 1
        while name in used:
            number += 1
            name = f"{wanted}_{number}"
        used.add(name)
        names[key] = name
    return names
