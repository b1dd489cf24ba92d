"""How much of a plan is used. The counting stands on the floor of the models, for the agenda counts too."""

from ..models.usage import Counted, count, used

__all__ = ["Counted", "count", "used"]
