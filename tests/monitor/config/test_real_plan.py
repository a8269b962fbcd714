"""The companies to which real mail is counted are worked out once for each configuration."""

from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config
from monitor.config.real_plan import CountedCompanies, counted_companies

LOG: dict[str, Any] = {
    "accounts": {"identity": {"provider": "mailgun", "domain": "account.trimble.com", "key": {"env": "MAILGUN_KEY"}}},
    "sender": {"trace": {"via": "mailgun", "account": "identity"}},
    "real": {},
}


def config(folder: Path, *companies: str, **more: Any) -> Config:
    route, mailbox = {"via": "xclient", "host": "127.0.0.1"}, {"via": "maildir", "path": "box"}
    paths = {
        name: {"paths": {"hq": {"to": f"probe@{name}.example", "route": route, "mailbox": mailbox}}}
        for name in companies
    }
    return Config.model_validate({"companies": paths} | more, context={"folder": folder})


def test_they_are_kept_until_the_configuration_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGUN_KEY", "5ecret")
    first, second = config(tmp_path, "acme", **LOG), config(tmp_path, "acme", "bolt", **LOG)
    counted = CountedCompanies()
    found = counted.of(first)
    assert found == counted_companies(first) == {"acme"}
    assert counted.of(first) is found, "no second walk through all paths"
    assert counted.of(second) == {"acme", "bolt"}
    assert counted.of(config(tmp_path, "acme")) == frozenset()
