"""Migrations of the tables, one revision after the other, run by Alembic."""
