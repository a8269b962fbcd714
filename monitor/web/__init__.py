"""HTTP: `/metrics` for Prometheus, `/healthz` and `/readyz` for supervisors, and the status page at `/`.

- `server`   the routes, and what makes a response safe
- `status`   what the status page shows, as plain values: pure
- `templates/status.html`   how it looks
"""
