"""The generated parts of `docs/`, written by `python -m monitor.reference docs` (or `make reference`).

- `commands`   every command with its arguments and options, from the command line itself
- `metrics`    every metric family, as `/metrics` describes it
- `mail_systems`   the words for mail systems, and the steps in each
- `account_setup`  the steps of the administrator of an account's provider
- `first_account`  an account for beginners: its configuration, and the steps of its administrator
- `floors`     the import floors, from the import contracts in pyproject.toml
- `generated`  the markers around generated parts. Read this first

The configuration keys come from `monitor.config.reference`. A test compares the files with freshly generated text.
"""
