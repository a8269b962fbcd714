"""What a notice says and to whom it goes: pure functions of an incident. No I/O, no clock.

`context` gathers all that a notice needs once; `wording` renders it for people, `payload` for machines. `routing`
chooses the channels, `next_notice` decides whether one is due, `phrases` holds the words. Read `context` first.
"""
