"""Text and routing of notices: pure functions of an incident. No I/O, no clock.

`context` gathers all facts of a notice once; `wording` and `headline` render it for people, `payload` for machines;
`combined` renders what waits for a channel as one notice. `impact` is the first line, `reply` quotes the server,
`confirmation` says what is still awaited, `links` lead to pages and boards, `their_trouble` is the title where a mail
system refuses everybody, `standing_wording` has the lines about the sender's standing. `routing` chooses the
channels, `next_notice` decides whether one is due, `due` which are, for all incidents; `history` says in the
incident's history what became of them. `notice` is the value, `labels` has the words for its kinds. `contact_texts` are
texts for people outside: the company's IT, the sender, a vendor. Read `context` first."""
