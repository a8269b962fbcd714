"""Formats of facts: `json` and `incident_json` for the API and `--json`, `text` for the command line, `symbols` for
outcomes, `metrics` for Prometheus (`metric_families` has the tables, `snapshot` the data of a scrape). `labels` has the
words for any value, `mute_text` those for the times of a mute."""
