"""Diagnoses at work: one at a time for each path, through the same pipeline and caps as all probes.

- `preparing`: what can be varied on a path, and whether a diagnosis may start there: pure
- `answers`: from the evidence of an arm's probe to its answer: pure
- `diagnoser`: the loop around `probes.diagnosis.plan`: ask for the next arm, send it, wait for its verdict
- `begin`: the first line of a diagnosis in the store; `service`: all diagnoses that the service runs
- `starting`: which open incidents start a diagnosis by themselves: pure

A diagnosis and its arms are in the store. Nothing else is remembered, so a process that is killed loses nothing: the
service goes on with every diagnosis that nobody works on.
"""
