"""The kinds of routes by their name in the configuration. A new kind costs one file and two lines here."""

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
