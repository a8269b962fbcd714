"""What Grafana, Prometheus and Alertmanager show and say of Mailpath. Nothing here runs in the service.

- `words`      outcomes, causes and kinds as Grafana shows them
- `queries`    what is asked of Prometheus
- `panels`     the shapes of panels
- `board`      what all boards have
- `boards/`    the boards, one file for each
- `build`      `python -m dashboards.build` writes them to `grafana/boards/`

The folders beside them are for the servers: `grafana/`, `prometheus/`, `alertmanager/`; `runbooks/` is for people.
"""
