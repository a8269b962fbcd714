"""Every reader of hostile input, fed with broken input: none raises, and each is within its time and memory (`make fuzz`).

- `seeds`    what is broken: inputs that the tests construct, and the corpora where they are beside this repository
- `mutate`   how it is broken: the same number always breaks it in the same way
- `readers`  who reads it: one row for each reader
- `run`      what it takes: seconds of CPU, memory, and what went wrong

`test_fuzz` runs a small part of it with the other tests. `python -m tests.fuzz` runs all, each reader in a process of
its own, so that its memory is its own. Read `run` first.
"""
