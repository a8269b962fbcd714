"""Boards for Grafana, rules for Prometheus, an example for Alertmanager. Nothing here runs in the service.

- `words`      outcomes, causes and kinds as Grafana shows them
- `queries`    PromQL; `incident_queries` that about incidents, alerts and changes
- `annotations` marks on the graphs
- `columns`    columns of tables
- `panels`     types of panels
- `board`      common parts of all boards
- `boards/`    the boards, one file each
- `alert_rules`  the rules about mail, with the words of notices; from `sources/`
- `kubernetes_manifests`  the rules and the scraping as the Prometheus operator takes them
- `build`      `python -m dashboards.build` writes boards to `grafana/boards/`, rules to `prometheus/`, `kubernetes/`

The other folders are for the servers: `grafana/`, `prometheus/`, `alertmanager/`, `kubernetes/`;
`runbooks/` is for people.
"""
