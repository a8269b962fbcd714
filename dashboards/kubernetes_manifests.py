"""Manifests for the Prometheus operator: the rules as PrometheusRule, and what scrapes Mailpath."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "kubernetes"
PROMETHEUS = Path(__file__).parent / "prometheus"

API = "monitoring.coreos.com/v1"
NAME = "app.kubernetes.io/name"
LABELS = {NAME: "mailpath", "app.kubernetes.io/part-of": "mailpath"}
METRICS_PORT = "metrics"
SCRAPED = f"Written by `make dashboards`. It scrapes the port `metrics` of what has the label {NAME}: mailpath."


def manifests(prometheus: Path = PROMETHEUS) -> Mapping[str, str]:
    """Return the text of each file, by its name."""
    return dict(_manifests(prometheus))


def _manifests(prometheus: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(prometheus.glob("*.rules.yml")):
        name = file.name.removesuffix(".rules.yml")
        groups = yaml.safe_load(file.read_text("utf-8"))["groups"]
        comment = f"Written by `make dashboards` from ../prometheus/{file.name}: change it there."
        yield f"{name}.prometheusrule.yaml", _written(comment, "PrometheusRule", name, {"groups": groups})
    endpoints = [_endpoint()]
    selector = {"matchLabels": {NAME: "mailpath"}}
    yield (
        "mailpath.servicemonitor.yaml",
        _written(SCRAPED, "ServiceMonitor", "mailpath", {"selector": selector, "endpoints": endpoints}),
    )
    yield (
        "mailpath.podmonitor.yaml",
        _written(
            f"{SCRAPED}\n# For pods without a Service; use either this or the ServiceMonitor.",
            "PodMonitor",
            "mailpath",
            {"selector": selector, "podMetricsEndpoints": endpoints},
        ),
    )


def _endpoint() -> dict[str, Any]:
    """Return what is scraped, as in `scrape.example.yml`. The rules know the job by its name."""
    example = yaml.safe_load((PROMETHEUS / "scrape.example.yml").read_text("utf-8"))
    (job,) = example["scrape_configs"]
    return {
        "port": METRICS_PORT,
        "path": "/metrics",
        "interval": example["global"]["scrape_interval"],
        "relabelings": [{"action": "replace", "targetLabel": "job", "replacement": job["job_name"]}],
    }


_Dumper: Any = type("ManifestDumper", (yaml.SafeDumper,), {})
"""Writes long texts in lines."""


def _text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else ">" if len(text) > 80 else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def _written(comment: str, kind: str, name: str, spec: Mapping[str, Any]) -> str:
    manifest = {
        "apiVersion": API,
        "kind": kind,
        "metadata": {"name": name, "labels": LABELS},
        "spec": spec,
    }
    text: str = yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=118, allow_unicode=True)
    return f"# {comment}\n{text}"
