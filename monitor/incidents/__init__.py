"""From verdicts to incidents. All of it is pure: no I/O, no clock.

In the order of the data:

- `signal`     one verdict as the rules see it, and the few facts of its path
- `weight`     what a verdict counts for: good, bad, conclusive, a note, or nothing
- `history`    the last weights of one check: whether it fails, since when
- `others`, `comparison`, `attribution`   what the control got, and whose trouble a failure is
- `diagnosed`  what a diagnosis proves about a failure
- `reach`      whether anybody was reached: our own line, or theirs
- `tracker`    the histories of all checks, kept up to date, and the problems that follow
- `scope`      which failures are one problem, and how wide it is
- `holding`    which of them an open incident holds already, and when a wide one has recovered
- `incident`   what an incident is: the values
- `incident_filter` which incidents of a list are wanted
- `rules`      incidents and failures, before -> after, with the history of what changed
- `work`       who has an incident, comments, tickets: from the actions of people; `public_updates`: comments that
               status pages show
- `standing_rules`  which facts about the sender are problems: a table; `standing_groups`: beside what probes showed;
  `standing_words`: what is wrong, before and now, what to do, as text
- `summary`    an incident in a few words, for lists and heads of pages
- `mute`       mutes: for a time, or by a calendar, which is `weekly`; `maintenance`: those of the configuration
- `companies`  the watched companies, as far as a wide problem needs to know them
- `advice`     what to do about an incident, or about a failure that no incident holds: asked of `probes.mailsystems`
- `labels`     the words for all these values, one row for each
- `settings`   what the configuration may say of it

Read `incident`, then `rules`. The texts of notices are in `notices`; storing and sending, in `oncall`.
"""
