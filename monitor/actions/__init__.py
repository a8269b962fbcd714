"""What people do, one home per action: `people` and their tokens, `mutes`, `probes` sent by hand.

Each module checks rights, limits and names, and writes the audit log. The command line, the pages and the API only
translate what was typed or posted.
"""
