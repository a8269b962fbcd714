"""The tables of standing: facts over time, changes of what is published, names in real mail. The rules of `tables` hold
here too. Rows are small and come with changes alone, a few a day; nothing refers to them."""

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table

from monitor.standing.arrivals import NameKind
from monitor.standing.record import decode, decode_settled, encode, encode_settled
from monitor.store.columns import Encoded, EnumText, Instant, Number, SafeText, StringList
from monitor.store.tables import metadata
from probes.standing.fact import Question, State
from probes.standing.profile import ProfileItem

standing_facts = Table(
    "standing_facts",
    metadata,
    Column("question", EnumText(Question), nullable=False),
    Column("subject", SafeText, nullable=False),
    Column("since", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),  # the newest of the equal readings since then
    Column("state", EnumText(State), nullable=False),
    Column("suspected", Boolean, nullable=False),
    Column("zone", SafeText, nullable=False),
    Column("reading", Encoded(encode, decode), nullable=False),  # with value, reason, age of the answer, servers
    Column("settled", Encoded(encode_settled, decode_settled)),
    Column("doubt_state", EnumText(State)),
    Column("doubt_since", Instant),
    Column("doubt_at", Instant),
    Column("current", Boolean, nullable=False),
    PrimaryKeyConstraint("question", "subject", "since"),
    Index(None, "current", "seen_at"),  # what is known now; what is old
    Index(None, "seen_at"),  # what was known since then
)

standing_changes = Table(
    "standing_changes",
    metadata,
    Column("id", Number, nullable=False),
    Column("at", Instant, nullable=False),
    Column("item", EnumText(ProfileItem), nullable=False),
    Column("name", SafeText, nullable=False),
    Column("old", StringList, nullable=False),
    Column("new", StringList, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "at"),
)

standing_names = Table(
    "standing_names",
    metadata,
    Column("kind", EnumText(NameKind), nullable=False),
    Column("name", SafeText, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "name"),
    Index(None, "last_at"),
)
