"""Analysis of what somebody pastes: a bounce, a server's reply, a message or its headers. All of it is pure: no I/O, no
clock, and nothing is kept.

- `content`  which of these it is; start here
- `analyse`  what it says, whom that concerns, and what to do
- `advice`   what to do: the remedy of the cause, in terms of a message that is no probe
- `words`    the answer as people read it; `labels`: the words for the kinds of content

The facts are those of `mailpath read`, from the same readers (`probes.reading`).
"""
