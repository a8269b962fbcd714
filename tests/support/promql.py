"""PromQL answered by Prometheus's own test tool, on made-up series."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.prometheus_servers import PROMTOOL

Answer = Mapping[str, float]
"""Labels as Prometheus writes them, and the value."""


def ask(tmp_path: Path, expr: str, series: dict[str, str], expected: Answer, at: str = "0m") -> None:
    """Fails, with both answers, unless `expr` has exactly the expected one."""
    samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expr, "eval_time": at, "exp_samples": samples}],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [], "evaluation_interval": "1m", "tests": [test]}))
    told = subprocess.run([PROMTOOL, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
