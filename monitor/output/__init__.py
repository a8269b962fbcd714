"""Formats of facts: `json` and `incident_json` for the API and `--json`, `text` for the command line, `symbols` for
outcomes, `metrics` for Prometheus."""
