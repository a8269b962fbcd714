"""The configuration of the torture says what is tortured."""

import tomllib

from tests.torture.__main__ import CONFIG


def test_no_real_dns_is_asked() -> None:
    assert tomllib.loads(CONFIG.format(web=1, inbound=2, hook=3))["standing"] == {"enabled": False}
