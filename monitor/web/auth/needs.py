"""Rights that a handler requires, declared at the handler: `guard` and tests read them there."""

from collections.abc import Callable
from typing import Any, TypeVar

from monitor.people.person import Rights

F = TypeVar("F", bound=Callable[..., Any])
MARK = "needed_rights"


def needs(rights: Rights) -> Callable[[F], F]:
    """Only those who have these rights get to this handler, or method of a view. Without it: viewers and up."""

    def marked(handler: F) -> F:
        setattr(handler, MARK, rights)
        return handler

    return marked


def needed(handler: Any, method: str = "GET") -> Rights:
    """The rights that a handler asks for; of a view, its method does."""
    asked = getattr(handler, method.lower(), handler) if isinstance(handler, type) else handler
    return Rights(getattr(asked, MARK, Rights.VIEWER))
