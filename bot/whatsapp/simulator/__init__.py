"""A local WhatsApp: Meta's Graph API on one side, people with phones on the other."""

from .network import Simulator, UnknownPhone
from .phones import Person

__all__ = ["Person", "Simulator", "UnknownPhone"]
