"""The generated parts of `docs/`: `python -m monitor.reference docs` (or `make reference`) writes them.

- `commands`   every command with its arguments and options, from the command line itself
- `metrics`    every metric family, as `/metrics` describes it
- `mail_systems`   the words for mail systems, and the steps in each
- `floors`     which module may import which, from the import contracts in pyproject.toml
- `generated`  the marks between which they stand. Read this first

The configuration keys come from `monitor.config.reference`. A test compares the files with what would be generated.
"""
