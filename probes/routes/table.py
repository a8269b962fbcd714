"""The kinds of routes. A new kind costs one file, one line here, and its traits in `probes.route_traits`."""

from typing import Annotated

from pydantic import Field

from probes.routes import Route
from probes.routes.direct import DirectRoute
from probes.routes.proxy import ProxyRoute
from probes.routes.relay import RelayRoute
from probes.routes.scan import ScanRoute
from probes.routes.xclient import XclientRoute
from probes.settings import kinds_by_via

RouteSettings = Annotated[
    DirectRoute
    | RelayRoute
    | XclientRoute
    | ProxyRoute
    | ScanRoute,
    Field(discriminator="via"),
]  # fmt: skip

ROUTES: dict[str, type[Route]] = kinds_by_via(RouteSettings)
"""The kinds by their name in the configuration."""
