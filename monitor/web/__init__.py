"""HTTP: pages for people, an API for programs, `/metrics` for Prometheus, `/healthz` and `/readyz` for supervisors.

- `server`     which routes are served where
- `listening`  who connects is let in by `connections`, which has limits and deadlines; `rejections` counts the rest
- `headers`    what makes a response safe; `safety`: what makes an error useful
- `backend`    what all of it asks of the service; `live`: what happens now, for those who watch
- `sight`      what one caller may see: everything is read through it
- `auth`       who the caller is
- `api`        the API; `manual`, `muting`: what pages and API do alike
- `pages`      the pages; `rendering`, `legible`, `drawing`: how they are made; `templates`, `static`
- `docs`       the documentation and the runbooks as pages

Read `sight`, then `server`.
"""
