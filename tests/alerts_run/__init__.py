"""From twelve companies to people: the real service, Prometheus and Alertmanager for a quarter of an hour.

- `__main__`   the timeline: what happens when, then the verdict as a table
- `setup`      configurations and processes, from the repository's own config.toml and the shipped examples
- `recorder`   the receivers: they keep all that they hear, and one of them is dead for ten minutes
- `expected`   what people should hear of each company, and the comparison

`python -m tests.alerts_run`. Not part of `make test`: it takes 16 minutes.
"""
