"""Set up a company in the browser: what is typed, checked as a configuration file, tried, written and loaded.

- `fields`     what is asked for each kind of route and mailbox: a table
- `form`       what was typed, cut to size, and the table of the configuration that it means
- `toml_text`  a table as text of a configuration file; `draft`: the file for a company
- `destination` where that file belongs, and whether it can be written there
- `checking`   its errors, each at the field that it is about, by the same code as `check-config`
- `trying`     the route and the mailbox tried live, within limits, by the same code as `doctor`
- `relays`     the account at the sender's mail service that other paths use
- `adding`     written, loaded, and taken back where that fails
- `service`    all of it, as the pages use it

Everything typed is hostile. Secrets are never typed: the form names none, and the file refers to a place that follows
from the company's key, so that no other secret of this machine can be sent to a server that somebody typed.
"""
