"""A real service measures itself."""

import re
import time
from pathlib import Path

from tests.support.service_process import folder


def test_a_service_at_work_tells_how_it_does(tmp_path: Path) -> None:
    with folder(tmp_path, {"birch": "inbox"}) as at:
        assert at.run("token", "add", "graf", "--rights", "viewer", "--for", "30d").returncode == 0
        at.serve()
        at.until(at.ready)
        assert at.run("probe", "birch").returncode == 0
        at.until(lambda: re.search(r'^mailpath_stage_seconds_count\{stage="rcpt"\} [1-9]', at.get("/metrics")[1], re.M))
        found = dict(re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", at.get("/metrics")[1], re.MULTILINE))
    now = time.time()
    assert now + 29 * 86400 < float(found['mailpath_token_expiry_timestamp_seconds{token="graf"}']) < now + 31 * 86400
    assert now - 300 < float(found["process_start_time_seconds"]) < now
    assert now - 300 < float(found["mailpath_config_last_reload_success_timestamp_seconds"]) < now
    assert found["mailpath_config_last_reload_successful"] == "1"
    assert 0 <= float(found["mailpath_loop_lag_seconds"]) < 60
    for operation in ("read", "write"):
        assert int(found[f'mailpath_store_seconds_count{{operation="{operation}"}}']) > 0
    assert int(found['mailpath_http_request_seconds_count{route="/readyz"}']) > 0
    assert int(found['mailpath_http_requests_total{route="/readyz",method="GET",status="2xx"}']) > 0
