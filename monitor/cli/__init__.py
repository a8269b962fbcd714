"""The command line. Each command is a thin shell; what is slow to import is imported by the command that needs it.

- `main`      the commands, their options and exit codes: read this first
- `show`      how events, evidence and verdicts look: for people, and as JSON
- `run`       what `serve`, `sandbox` and `probe` do while they run
- `stop`      how those are stopped, whatever hangs
- `recall`    what `explain` tells
- `incidents` what `incidents` tells
- `mute`      what `mute` does
- `people`    what `person` and `token` do; `who`: who types
- `read`      what `read` tells of replies, bounces, messages and reports
- `text`      how text gets to a terminal; `streams`: that there is one to write to
"""

from monitor.cli.main import main

__all__ = ["main"]
