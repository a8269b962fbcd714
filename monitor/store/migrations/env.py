"""Run by Alembic. The store hands its connection over; on the command line `-x url=sqlite:///file.db` names one.

For a new revision open a scratch store with the newest one, then, beside a configuration with our `script_location`,
`alembic -x url=sqlite:///scratch.db revision --autogenerate --rev-id 0003 -m "what it does"`; set HEAD in `schema`.
"""

from alembic import context
from sqlalchemy import Connection

from monitor.store.database import connect, writing
from monitor.store.people_tables import people


def run(connection: Connection) -> None:
    """Run all requested revisions in the connection's transaction."""
    context.configure(
        connection=connection,
        target_metadata=people.metadata,  # of all tables: theirs are added last
        render_as_batch=True,  # SQLite alters a table by making it anew: without its triggers, so make them again
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    with writing(connect(context.get_x_argument(as_dictionary=True)["url"]), alone=True) as opened:
        run(opened)
