"""Diagnosis: which property of the sender's mail is stopped? Pure.

A refused mail differs from an accepted control mail in many properties at once. A diagnosis sends mails that have some
of the sender's properties and the control's for the rest. If the control's mail with only some of them is stopped, they
are sufficient; if the sender's mail passes without one of them, that one is necessary. Both together are the proof.

- `factors`: the properties, and what each route can vary; `arm`: one mixture of the two mails.
- `plan`: the next arm to send, or the conclusion, from the answers so far. It holds no state, so that a diagnosis that
  was interrupted goes on where it was.
- `conclude`: the conclusion and its proof. `words`: the sentences for people, rendered last.
- `within`: how far a diagnosis may go.
- `forecast`: how many mails a diagnosis will take.
"""
