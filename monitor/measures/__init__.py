"""Measures of the service: `histogram` counts durations in buckets, `delivery_bounds` are those of delivery times,
`quantiles` what such counts say; `loop_lag` is the delay of the event loop;
`time_slots` are those in which results are drawn."""
