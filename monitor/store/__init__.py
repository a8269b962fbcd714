"""What is remembered: probes, their evidence and verdicts, in one SQL database. All SQL of the service is in here."""

from monitor.store.records import Judged, Present, Record, StoreError
from monitor.store.store import Store

__all__ = ["Judged", "Present", "Record", "Store", "StoreError"]
