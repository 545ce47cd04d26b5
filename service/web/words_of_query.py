"""Many parameters of an address as one: a route that asks for them is put together at a fraction of the cost."""

from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Annotated, Any, TypeVar, get_type_hints

from fastapi import Query
from pydantic import create_model

Words = TypeVar("Words")


def words_of_query(kind: type[Words]) -> Callable[[Any], Awaitable[Words]]:
    """Make a dependency that reads the fields of a dataclass from the query.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are parameters of an address.

    Returns
    -------
    callable
        For ``Depends``. FastAPI looks at its fields once, not again for every route as those of the dataclass itself.
    """
    hints = get_type_hints(kind, include_extras=True)
    given_fields: dict[str, Any] = {field.name: (hints[field.name], field.default) for field in fields(kind)}  # type: ignore[arg-type]
    model = create_model(kind.__name__, **given_fields)

    async def read(given: Annotated[model, Query()]) -> Words:
        return kind(**vars(given))

    return read
