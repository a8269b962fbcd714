"""Probing: from the schedule to the verdict.

- `planner`      orders what is due; `schedule`: which check is; `caps`: how much may be sent
- `ownership`    which mailboxes this process owns; `buckets`: what it takes, and leaves to others
- `dispatch`     from an order to a probe, in this process or another; `requester`: who asked for one by hand;
                 `order_desk`: launches the orders of others
- `pipeline`     launches a probe and attends to it until nothing more is expected
- `mailer`       composes messages and hands them to routes; `watching`: the watchers of the mailboxes that are ours
- `learning`     the one door by which evidence enters: stored, then known, then published
- `arrivals`     which messages of a mailbox are probes
- `flights`      a probe in flight; `flight_book`: all of them, and `alarms`: when each wants attention
- `filter_question` is the company's content filter asked about a probe that was taken for spam
- `tracing`      asks the traces of a path about a probe that is overdue
- `presence`     whether we were there to see what happened; `network`: whether our own way out works
- `following`    reads the store's signals for all that follow; `current`: the current verdicts and what was counted
- `inbound`      connects the listener for bounces and copies with the pipeline
- `outside`      the outside world for a configuration: time, DNS, HTTP, accounts
- `code_counts`  counts for a service level objective; `delivery_times`: bounds of durations to the inbox
- `dialogue_times` durations of the stages of dialogues, and the ends of certificates

Read `pipeline` first: a probe's whole way goes through it.
"""
