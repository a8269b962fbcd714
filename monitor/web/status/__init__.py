"""The status page of one company: behind a share link for whoever has it, without sign-in, and its badge for people who
have signed in.

It shows less than a viewer restricted to the company sees: no probes, no servers, no names of people. Nothing on it
acts. Every request asks the store about its link, so that a revoked one ends at once; browsers may keep a page, but
must ask before they show it again.

- `access`  whether a link opens a page, and which
- `view`    what a page shows, as plain values
- `feed`    the same as an Atom feed; `badge`: as a small picture
- `pages`   the handlers
"""

from monitor.web.status.pages import routes

__all__ = ["routes"]
