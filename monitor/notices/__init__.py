"""What a notice says and to whom it goes: pure functions of an incident. No I/O, no clock.

`context` gathers all that a notice needs once; `wording` and `headline` render it for people, `payload` for machines.
`routing` chooses the channels, `next_notice` decides whether one is due, `labels` has the words for the kinds of
notices. Read `context` first.
"""
