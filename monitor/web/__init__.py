"""HTTP: pages for people, an API for programs, `/metrics` for Prometheus, `/healthz` and `/readyz` for supervisors.

- `server`     which routes are served where
- `standby`    what is answered while another process leads
- `listening`  who connects is let in by `connections`, which has limits and deadlines; `rejections` counts the rest,
  `request_counts` the requests
- `headers`    what makes a response safe; `errors`: what makes an error useful
- `backend`    what all of it asks of the service; `broadcast`: events, for those who watch
- `caller_view` what one caller may see: everything is read through it
- `auth`       who the caller is
- `api`        the API
- `pages`      the pages; `rendering`, `legible`, `charts`: how they are made; `templates`, `static`
- `strips`     outcomes by time
- `codes_in_time` the share of codes in time, on pages; `company_summaries`: the state of every company,
  `overview_figures`: its last 24 hours and its availability
- `sender_facts` results of the sender's mail, for pages and API; `sender_standing`: what is published about it
- `display`    how pages look in one browser
- `uploads`    forms with a file, read into memory
- `triage_source` what triage may know for one caller
- `compression`, `scrapes`, `shares`   gzip; limits of scrapes and long operations; `link_limits`: of links in notices;
  `share_limits`: of share links
- `status`     the status page of a company, for whoever has its share link
- `sealed`     numbers of all, rounded; `first_steps`: what is logged for somebody who has just begun
- `remedy_html` remedies as HTML, on pages and in runbooks
- `hooks`      webhooks of the sender's mail service, which are signed
- `docs`       the documentation as pages; `runbooks`: the runbooks, for a case or in general

Read `caller_view`, then `server`.
"""
