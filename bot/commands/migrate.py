"""`odys migrate`: bring the database to the newest schema."""

import argparse

from ..migrations.run import head, migrate
from ..settings import Settings


def run(_options: argparse.Namespace) -> int:
    migrate(Settings().database_url)
    print(f"the database is at revision {head()}")
    return 0
