"""The service: when to probe, what to remember, whom to tell. It stands on the library in `probes`."""
