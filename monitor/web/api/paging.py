"""Pages of lists that are in memory: the cursor is the key of the last item that the caller has.

A list keeps its own order, such as that of the configuration. What comes or goes between two pages makes none of the
others appear twice or be missed.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TypeVar

from pydantic import Field

from monitor.web.api.fields import MAX_PAGE_SIZE, Fields
from monitor.web.api.problem import ProblemError, Wrong

T = TypeVar("T")
MAX_CURSOR_CHARS = 200


class PageOfList(Fields):
    """The requested page of a list."""

    cursor: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_CURSOR_CHARS,
        description="The `next` of the previous page; without it the list begins.",
    )
    most: int = Field(MAX_PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE, description=f"Page size, at most {MAX_PAGE_SIZE}.")


def page_of(items: Sequence[T], key: Callable[[T], str], page: PageOfList) -> tuple[Sequence[T], str | None]:
    """Return the items of this page, and the cursor of the following one; None at the end. Raises ProblemError if the
    item of the cursor is not in the list any more, or never was."""
    begin = 0
    if page.cursor is not None:
        begin = next((place for place, item in enumerate(items, 1) if key(item) == page.cursor), 0)
        if not begin:
            raise no_such_place()
    found = items[begin : begin + page.most]
    return found, key(found[-1]) if begin + page.most < len(items) else None


def no_such_place() -> ProblemError:
    """Return what is wrong with a cursor whose item is not in the list any more, or never was."""
    wrong = Wrong("cursor", "is no place in this list", "send the `next` of the page before, or leave it out")
    return ProblemError(HTTPStatus.BAD_REQUEST, "the list has no such place any more", wrong)
