"""Types of addresses in the configuration: name servers, outside mail hosts, our own address and Grafana's."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from probes.http import WebUrl
from probes.reference import SMTP_PORT
from probes.settings import Endpoint, endpoint, shown


def _name_server(value: Any) -> Any:
    place = endpoint(value, port=53) if isinstance(value, str) else value
    if not isinstance(place, Endpoint) or not re.fullmatch(r"[0-9.]+|.*:.*", place.host):
        raise ValueError(f'must be an IP address, with or without a port, like "192.0.2.53", not {shown(value)}')
    return place


def _reference(value: Any) -> Any:
    place = endpoint(value, port=SMTP_PORT) if isinstance(value, str) else value
    if not isinstance(place, Endpoint) or not place.port:
        raise ValueError(f'must be a mail host, with or without a port, like "mx.example:25", not {shown(value)}')
    return place


def _base_url(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]_-]{1,255}/?", text):
        raise ValueError(f'must be a URL like "https://mailpath.example", not {shown(text)}')
    return text.rstrip("/")


def _without_query(url: str) -> str:
    if "?" in url:
        raise ValueError(f"must be the address of Grafana's start page, without a ? in it, not {shown(url)}")
    return url.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_base_url)]
GrafanaUrl = Annotated[WebUrl, AfterValidator(_without_query)]
NameServer = Annotated[Endpoint, BeforeValidator(_name_server)]
Reference = Annotated[Endpoint, BeforeValidator(_reference)]
