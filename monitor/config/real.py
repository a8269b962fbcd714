"""[real]: counts of the sender's real mail."""

from datetime import timedelta

from pydantic import Field

from probes.settings import Duration, Settings


class RealSettings(Settings):
    """[real]: counts of the sender's real mail to the companies, read from the log of the sender's own service.

    Nothing is counted unless this table is there: it needs the sender's word. Addresses and subjects are not kept.
    """

    every: Duration = Field(timedelta(minutes=1), description="How often the log is read.")
    keep: Duration = Field(timedelta(days=90), description="How long counts by hour are kept.")
