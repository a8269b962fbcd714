"""Can this installation do its work? Every part that Mailpath needs is tried, and each observation says what to do.

- `observation` observations, and the premises they are made on
- `machine`   versions, clock, disk, files; `the_store`: the database and who leads on it
- `names`     the resolver, and the blocklists through it; `chains`: the MX of companies beside their mail systems
- `ways`      the ways out: source IP, port 25, every route up to MAIL, so that nothing is sent;
              `side_by_side`: many at once, within bounds
- `accounts`  whether each gives tokens
- `suppressions` whether the sender's mail service still sends to the addresses of paths
- `one_account` one in depth: token, clock, certificate, rights, scope, budget, and what to send back
- `ways_back` mailboxes, and the way of bounces to [inbound]
- `remedies`  of companies: whether one lapses, or lets forged mail in
- `real_mail` beside the probes: whether these stand for it
- `config_warnings`  what is probably a mistake in a valid configuration
- `table`     all examinations, in the order in which they are made; `examine` makes them
- `rounds`    the same inside the service, one round at a time, for a page
"""
