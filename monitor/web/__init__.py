"""HTTP: `/metrics` for Prometheus, `/healthz` and `/readyz` for supervisors, the status page at `/`, and the runbooks.

- `server`   the routes, and what makes a response safe
- `status`   what the status page shows, as plain values: pure
- `runbooks` what to do about a cause or an alert, from the Markdown of `dashboards/runbooks`
- `templates/`  how the pages look
"""
