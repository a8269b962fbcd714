"""The table of orders, and the claim of one. The rules of `tables` hold here too."""

from sqlalchemy import Column, Executable, Table, Text, bindparam, update

from monitor.store.columns import Encoded, EnumText, Instant, Name
from monitor.store.tables import metadata
from probes.diagnosis.arm import Arm, decode_arm
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role

orders = Table(
    "orders",
    metadata,
    Column("id", Name, primary_key=True),
    Column("company", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("kind", EnumText(Kind), nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("purpose", EnumText(ProbePurpose), nullable=False),
    Column("arm", Encoded(Arm.encode, decode_arm)),  # of a diagnosis
    Column("requester", Text),  # a person or token, and the way they came: for the audit log
    Column("way", Text),
    Column("until", Instant, nullable=False),  # by the clock of the database
    Column("probe_id", Name),  # once it is launched
    Column("refused", Text),  # why it is not
)


UNANSWERED = (orders.c.probe_id.is_(None), orders.c.refused.is_(None))


def claim_order() -> Executable:
    """Statement with {"ordered": id, "probe": id}: launch the probe of an order, unless it was answered before."""
    return update(orders).where(orders.c.id == bindparam("ordered"), *UNANSWERED).values(probe_id=bindparam("probe"))
