"""Measures of the service: `histogram` counts durations in buckets, `loop_lag` is the delay of the event loop."""
