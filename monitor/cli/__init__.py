"""The command line. Each command is a thin shell; what is slow to import is imported by the command that needs it.

- `main`      the commands, their options and exit codes: read this first
- `show`      print paths and probes, as text or JSON
- `run`       the long-running commands: `serve`, `sandbox`, `probe`
- `stop`      stops those within a time limit, even if a thread hangs
- `recall`    `explain`
- `incidents` `incidents`
- `mute`      `mute`
- `work`      `ack`, `owner`, `comment`, `ticket`; `work_commands`: their commands and options
- `channels`  `channel`; `channel_commands`: its commands and options
- `people`    `person` and `token`; `who`: the operator's name for the audit log
- `shares`    `share`: links to status pages of companies; `share_commands`: its commands and options
- `read`      `read`: explains replies, bounces, messages and reports; `read_commands`: its commands and options
- `standing`  `standing`: what the world publishes about the sender; `standing_commands`: its options,
  `standing_text`: its lines, `standing_watch`: `--watch`, `standing_past`: earlier times
- `reports`   `standing reports`: what receivers report of it; `report_commands`: the command and its options
- `account`   `account setup`: the steps of an account's administrator; `account_commands`: its options
- `doctor`    `doctor`: tries every part that Mailpath needs
- `diagnose`  `diagnose`: which property of the mail is stopped; `diagnose_commands`: its options
- `text_to_send` `text`: texts to send about an incident; `text_commands`: its options
- `triage`    `triage`: where mail to one person most likely stops; `triage_commands`: its option
- `remedy`    `remedy`: what to change in a mail system; `remedy_commands`: its commands and options,
  `remedy_records`: what companies carried out
- `role_commands` `worker`, `rules`, `web`, `inbound`
- `store_copy` `migrate-store`; `store_commands`: its arguments
- `online`    `check-config --online`; `exits`: the exit codes
- `common`    an option, errors and the end, shared by all commands
- `text`      terminal output; `streams`: opens standard streams that are closed
"""

from monitor.cli.main import main

__all__ = ["main"]
