"""The examples of how a company gets its own metrics are accepted by what they are for."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.documentation import DOCS
from tests.support.prometheus_servers import PROMTOOL, obstacle

TEXT = (DOCS / "guide" / "metrics-for-a-company.md").read_text()
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
OF_PROMETHEUS = [each for each in EXAMPLES if "apiVersion" not in each]
OF_GRAFANA = [each for each in EXAMPLES if "apiVersion" in each]


@pytest.mark.skipif(obstacle() is not None, reason="Prometheus is not installed")
@pytest.mark.parametrize("example", OF_PROMETHEUS, ids=lambda each: next(iter(each)))
def test_prometheus_takes_the_examples(tmp_path: Path, example: dict[str, Any]) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(example))
    done = subprocess.run(
        [PROMTOOL, "check", "config", "--syntax-only", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_all_examples_are_about_the_same_company() -> None:
    assert len(OF_PROMETHEUS) == 2
    assert len(OF_GRAFANA) == 3
    assert all(re.search("birchline|mailpath-token", str(each)) for each in EXAMPLES)
    assert "--company birchline" in TEXT
    assert "-label-value birchline" in TEXT
