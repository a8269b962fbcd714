"""What a long run says of what was heard: too much, too little and twice are all wrong. The run itself is
`python -m tests.alerts_run`."""

import tomllib
from typing import Any

from tests.alerts_run.expected import EXPECTED, NOTHING, Row, compared
from tests.alerts_run.recorder import Message, Recorder
from tests.alerts_run.setup import service_config
from tests.support.grafana_boards import ROOT


def notice(company: str, severity: str = "page", scope: str = "company", **said: Any) -> dict[str, Any]:
    labels = {"company": company, "severity": severity, "scope": scope, "mail_system": "postfix"}
    return {"id": f"{company}-1", "news": "opened", "title": "[PAGE] stopped", "labels": labels} | said


def alerts(name: str, status: str = "firing", **labels: str) -> dict[str, Any]:
    return {"alerts": [{"status": status, "labels": {"alertname": name} | labels}]}


def rows(*messages: tuple[str, dict[str, Any]]) -> dict[tuple[str, str], Row]:
    recorder = Recorder(messages=[Message(0.0, path, said) for path, said in messages])
    return {(row.who, row.about): row for row in compared(recorder)}


def test_the_service_asks_no_real_dns() -> None:
    config = tomllib.loads(service_config((ROOT / "config.toml").read_text(), 1, 2))
    assert config["standing"] == {"enabled": False, "selectors": ["k1"]}
    assert config["sandbox"]["companies"] == {}


def test_silence_is_wrong_for_every_company() -> None:
    found = rows()
    assert not any(found["pager", company].right for company in EXPECTED)
    assert found["pager", "what came twice"].right


def test_one_notice_is_right_and_a_second_one_is_not() -> None:
    assert rows(("/pager", notice("granite")))["pager", "granite"].right
    twice = rows(("/pager", notice("granite")), ("/pager", notice("granite")))
    assert not twice["pager", "granite"].right
    assert not twice["pager", "what came twice"].right


def test_what_nobody_should_hear_of_is_wrong() -> None:
    found = rows(("/both/on-call", alerts("MailpathCompanyStopped", company="elsewhere")))
    row = found["both ways in one", "elsewhere"]
    assert (row.expected, row.right) == (NOTHING, False)


def test_an_alert_of_a_rule_beside_mailpaths_own_is_wrong() -> None:
    own = ("/both/on-call", alerts("MailpathMailStopped", company="granite", incident="1"))
    assert rows(own)["both ways in one", "granite"].right
    leak = ("/both/on-call", alerts("MailpathCompanyStopped", company="granite"))
    assert not rows(own, leak)["both ways in one", "granite"].right


def test_what_is_over_when_a_dead_receiver_is_back_is_no_page() -> None:
    over = notice("birchline", severity="ticket", news="resolved", title="Resolved after 4 min: stopped")
    assert rows(("/dead", over))["dead for 10 min", "birchline"].right
    assert not rows(("/dead", over | {"title": "[PAGE] stopped"}))["dead for 10 min", "birchline"].right


def test_repeats_of_the_same_state_count_once_and_heartbeats_not_at_all() -> None:
    firing = ("/rules/on-call", alerts("MailpathCompanyStopped", company="granite"))
    beat = ("/rules/heartbeat", alerts("MailpathDeadMansSwitch"))
    found = rows(firing, firing, beat)
    assert found["rules alone", "granite"].right
    assert not any("MailpathDeadMansSwitch" in about for _, about in found)
