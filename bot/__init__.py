"""The business and its assistant: an appointment book that lives in WhatsApp."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands in for a module until something in it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # whoever looks through all modules wants nothing of this one
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


# The Redis client imports it for the tokens of one cloud's directory; with its cryptography it weighs nine megabytes.
sys.modules.setdefault("jwt", _Later("jwt"))
