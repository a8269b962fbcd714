"""Notification channels: one file per kind, with its settings and its adapter in one class, and a table of them.

- `channel`       the protocol of a channel; `native`: the common part of those below it
- `pagerduty`     PagerDuty's Events API v2
- `slack`         Slack's Web API; `slack_message`: the message
- `teams`         an adaptive card to a workflow of Microsoft Teams; `teams_card`: the card
- `opsgenie`      the Alert API of Opsgenie and Jira Service Management
- `smtp`          e-mail by a mail server that is not monitored
- `content`       the parts of a notice that native channels show; `answers`: a receiver's own words about an error
- `alertmanager`  Alertmanager's API v2: repeated while an incident lasts, ended by `endsAt`; `alerts`: the posted JSON
- `webhook`       a signed JSON POST
- `services`      every service that Apprise supports, by URL
- `sample`        notices that test a channel
- `threads`       deliveries that block
- `table`         the kinds by their `via`
"""
