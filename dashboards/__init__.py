"""Boards for Grafana, rules for Prometheus, an example for Alertmanager. Nothing here runs in the service.

- `words`      outcomes, causes and kinds as Grafana shows them
- `queries`    PromQL; `incident_queries` that about incidents, alerts and changes
- `annotations` marks on the graphs
- `columns`    columns of tables
- `panels`     types of panels
- `board`      common parts of all boards
- `boards/`    the boards, one file each
- `alert_rules` the rules for incidents, with the words of notices; from `sources/`
- `build`      `python -m dashboards.build` writes boards to `grafana/boards/` and rules to `prometheus/`

The other folders are for the servers: `grafana/`, `prometheus/`, `alertmanager/`; `runbooks/` is for people.
"""
