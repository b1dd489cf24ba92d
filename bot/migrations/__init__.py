"""Alembic migrations and the two ways to run them."""
