"""The configuration: config.toml and the files it includes, read, checked and resolved.

- `model`      the schema: one class per table, its fields are the keys; `addresses`: some of their types
- `watched`    a path as the service uses it, with company settings and defaults resolved
- `trace_choice` the traces of a company or a path
- `pace`       [probes]: schedule and time limits, which a company or path may override
- `diagnosis`  [diagnosis]: how far a diagnosis may go; `real`: [real], `real_plan`: as its reader uses it
- `reading`    reads a file into a `Config`, or reports all its errors at once; `sources`: the file and its includes
- `unchanged`  reads again for a reload, and keeps the companies that it does not change
- `standing_plan`  [standing] and [sender] as the source of standing uses them; `allow_entries`: who may have one
- `rules`      checks across tables; `maintenance_rules`, `oncall_rules`: those of [[maintenance]] and [[routing]];
  `account_rules`: those of [accounts]; `account_uses`: who uses them;
  `account_steps`: what the provider's administrator does
- `words`      turns pydantic's errors into ours
- `errors`, `schema`, `lines`   an error's text, the keys allowed at its place, and its line
- `received`   the addresses that the listener of [inbound] accepts mail for
- `exposed`    secret files that other users can read; `old_words`: deprecated words and their replacements;
  `secret_values`: the secrets that the log hides; `simulated`: the mail systems of [sandbox]; `proxies`: those of [web]
- `mail_domains`   the companies' mail domains
- `reference`  generates the key reference in `docs/`: `python -m monitor.config.reference`

Read `model` first. `read_config(path)` is the entry point; it runs before the service starts or
reloads, so it may block. `company_errors` checks a company that is not in a file yet.
"""

from monitor.config.errors import ConfigError, ConfigErrors
from monitor.config.exposed import exposed_secrets
from monitor.config.model import Config
from monitor.config.old_words import old_words
from monitor.config.reading import company_errors, read_config
from monitor.config.sources import DraftFile
from monitor.config.watched import WatchedPath

__all__ = [
    "Config",
    "ConfigError",
    "ConfigErrors",
    "DraftFile",
    "WatchedPath",
    "company_errors",
    "exposed_secrets",
    "old_words",
    "read_config",
]
