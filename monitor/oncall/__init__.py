"""On call: `engine` follows the store and runs the incident rules, `delivery` sends notices through `channels`, at
least once and in order."""
