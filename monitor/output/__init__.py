"""How facts leave the service: `json` and `incident_json` for the API and
`--json`, `text` for the command line, `symbols` for outcomes,
`metrics` for Prometheus."""
