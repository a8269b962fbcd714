"""Text and routing of notices: pure functions of an incident. No I/O, no clock.

`context` gathers all facts of a notice once; `wording` and `headline` render it for people, `payload` for machines.
`routing` chooses the channels, `next_notice` decides whether one is due, `labels` has the words for the kinds of
notices. Read `context` first.
"""
