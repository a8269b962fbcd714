"""On call: `engine` follows the store and runs the incident rules, `past` reads what they need of the past,
`findings` what no probe shows: of the sender's `standing`, of `remedies` to act on, of `real_mail`. `composer` renders
notices, `delivery` sends them through `channels`, at least once and in order; `routing_preview` shows who would be
notified; `incident_reader` has the open incidents for processes that only show them."""
