"""The newest probes of a path, one per line."""

from datetime import UTC, datetime

import pytest

from monitor.cli.show import newest
from monitor.config import Config
from monitor.store import ListedProbe
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict

AT = datetime(2026, 11, 23, 8, 4, tzinfo=UTC)
CONFIG = {
    "companies": {
        "acme": {
            "name": "Acme Steel",
            "mail_system": "postfix",
            "paths": {
                "hq": {
                    "to": "probe@acme.example",
                    "route": {"via": "xclient", "host": "192.0.2.10"},
                    "mailbox": {"via": "maildir", "path": "/nowhere"},
                }
            },
        }
    }
}


def test_what_was_sent_as_another_sender_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    """Or the control that arrives beside probes that do not would look like mail that comes and goes."""
    (path,) = Config.model_validate(CONFIG).paths()
    blocked = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "rejected")
    arrived = Verdict(Outcome.INBOX, None, Grade.IMPERSONATED, "arrived")
    probes = [
        ListedProbe("aaaa", Kind.VERIFICATION, Role.SENDER, AT, AT, blocked, AT, None),
        ListedProbe("bbbb", Kind.VERIFICATION, Role.CONTROL, AT, AT, arrived, AT, None),
    ]
    newest(path, probes, as_json=False)
    sender, control = capsys.readouterr().out.splitlines()
    assert "verification code  " in sender
    assert "verification code, as control  " in control
