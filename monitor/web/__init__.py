"""HTTP: pages for people, an API for programs, `/metrics` for Prometheus, `/healthz` and `/readyz` for supervisors.

- `server`     which routes are served where
- `safety`     what makes a response safe, and an error useful
- `backend`    what all of it asks of the service; `live`: what happens now, for those who watch
- `sight`      what one caller may see: everything is read through it
- `auth`       who the caller is
- `api`        the API; `manual`, `muting`: what pages and API do alike
- `pages`      the pages; `rendering`, `legible`, `drawing`: how they are made; `templates`, `static`
- `runbooks`   the runbooks as pages

Read `sight`, then `server`.
"""
