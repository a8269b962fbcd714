"""Formats of facts: `json` and `incident_json` for the API and `--json`, `text` for the command line, `symbols` for
outcomes, `disk_needs` what the store grows to, `metrics` for Prometheus: `company_metrics`, `service_metrics`,
`standing_metrics`, `ownership_metrics` and `process_metrics` have the tables, `metric_family` their form,
`company_lines` what is kept from scrape to scrape, `snapshot` the data of a scrape, `exposition` the formats.
`labels` has the words for any value, `mute_text` those for the times of a mute; `service_level` adds up results,
`delivery_levels` delivery times; `standing_json` has the facts about the sender, `report_overview` the reports about
it, `report_shares` their share for the metrics, `diagnosis_json` diagnoses with their arms, `triage_json` the answer
for the help desk, `analysis_json` what was pasted, `reading_json` the facts of any reader, `remedy_json` what to
change in a mail system with `remedy_names`, `applied_remedy_json` what a company changed, `code_tiles` the codes of
one company, `real_comparison` real mail beside probes, with `real_json`, `text_json` texts to send,
`share_json` share links; `statistics` adds up results and delivery times by any subject;
`routing_text` says who is notified of what.
"""
