"""Probing: `schedule` says which check is due, `pipeline` launches a probe and learns what became of it, `flights` are
the probes on their way, `alarms` wake them, `events` tells the rest, `current` keeps the present verdicts.

Read `pipeline` first: a probe's whole way goes through it.
"""
