"""On call: `engine` follows the store and runs the incident rules, `past` reads what they need of the past, `standing`
of the sender's standing, `remedies` of remedies to act on, `composer` renders notices, `delivery` sends them
through `channels`, at least once and in order; `routing_preview` shows who would be notified."""
