"""Every way in, by its name in the configuration. A new one costs a file and a line here, twice."""

from typing import Annotated

from pydantic import Field

from probes.routes import Route
from probes.routes.direct import DirectRoute
from probes.routes.proxy import ProxyRoute
from probes.routes.relay import RelayRoute
from probes.routes.xclient import XclientRoute

ROUTES: dict[str, type[Route]] = {
    "direct": DirectRoute,
    "relay": RelayRoute,
    "xclient": XclientRoute,
    "proxy": ProxyRoute,
}

RouteSettings = Annotated[DirectRoute | RelayRoute | XclientRoute | ProxyRoute, Field(discriminator="via")]
