"""The runbooks as pages: the files of `dashboards/runbooks/`, completed when they are shown.

- `placeholders`  the names in braces that a file has in place of the sender's and the company's
- `document`      a file, taken apart: its text, the parts about one mail system each, its commands
- `commands`      what stands beside a command: the pages and the API that do the same
- `case`          the incident or company that a page is shown for, as far as the caller may see it
- `systems`       the parts about mail systems in order: the company's own first and open, the others folded
- `texts`         texts to send: from a case to the facts in them; `stored_texts`: of an incident in the store
- `page`          the pages; read it first
"""

from monitor.web.runbooks.page import routes

__all__ = ["routes"]
