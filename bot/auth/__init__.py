"""Tokens that prove who calls: our own, and those of an identity provider that speaks as Supabase does."""

from .supabase import Supabase
from .tokens import LIFETIME, Claims, Tokens

__all__ = ["LIFETIME", "Claims", "Supabase", "Tokens"]
