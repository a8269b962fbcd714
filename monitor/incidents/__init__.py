"""From verdicts to incidents, and from incidents to what people are told. All of it is pure: no I/O, no clock.

In the order of the data:

- `ruling`     one verdict as the rules see it, and the few facts of its path
- `marks`      what a verdict counts for: good, bad, damning, a note, or nothing
- `track`      the last marks of one path and kind: whether it fails, since when
- `picture`    the tracks of all lines, kept up to date, and the problems that follow
- `scope`      which failures are one problem, and how wide it is
- `holding`    which of them an open incident holds already, and when a wide one has recovered
- `incident`   what an incident is: the values
- `rules`      incidents and failures, before -> after, with the history of what changed
- `mute`       about what nobody is to be told now: for a time, or by a calendar, which is `weekly`;
               `maintenance`: mutes that the configuration holds
- `telling`    what people know of an incident against what is so -> the next notice, for each channel
- `due`        all notices that are due, with the ends that are folded into another one
- `routing`    which channels hear of which incident
- `scene`      what a notice is made of: an incident as one channel may see it
- `wording`    what a notice says to people, in words of `phrases` and `their_trouble`;
               `facts`: what it says to machines
- `advice`     who must act, what to do and what not, for each cause; `fixes`: in one mail system's words;
               `advising`: which of it fits an incident
- `settings`   what the configuration may say of all this

Read `incident`, then `rules`. What is stored, asked of the clock and sent, is `casebook`'s and `delivery`'s affair.
"""
