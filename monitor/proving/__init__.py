"""Remedies at work: their tests, through the same pipeline and caps as all probes.

- `preparing`  from an incident and what somebody changed to the record with its test: pure
- `answers`    from the probes of a test to its answers: pure
- `prover`     the loop around `monitor.remedying.proof`: send what it asks for, wait, store the result
- `service`    all tests of the service, each begun when its time has come

The record and the probes are in the store. Nothing else is remembered, so a process that is killed loses nothing and
sends nothing twice.
"""
