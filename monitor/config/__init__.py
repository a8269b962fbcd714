"""The configuration: config.toml and the files it includes, read, checked and resolved.

- `model`      what may be written: one class for each table, its fields are the keys
- `watched`    what the service uses: each path with everything that company and defaults say about it
- `reading`    from a file to a `Config`, or to all its errors at once
- `rules`      what must hold between tables, not only inside one; `maintenance_rules`: what [[maintenance]] names
- `errors`, `schema`, `lines`   an error's words, what could have stood there, and its line
- `exposed`    files with secrets that others can read; `old_words`: words that have a newer one
- `reference`  the reference of all keys, for `docs/`: `python -m monitor.config.reference`

Read `model` first. `read_config(path)` is the only door; everything it does happens before the service starts or
reloads, so it may block.
"""

from monitor.config.errors import ConfigError, ConfigErrors
from monitor.config.exposed import exposed_secrets
from monitor.config.model import Config
from monitor.config.old_words import old_words
from monitor.config.reading import read_config
from monitor.config.watched import WatchedPath

__all__ = ["Config", "ConfigError", "ConfigErrors", "WatchedPath", "exposed_secrets", "old_words", "read_config"]
