"""What each plan costs and allows. The table stands on the floor of the models, for the agenda asks it too."""

from ..models.plans import PLANS, Capability, Terms, allows, plans_with

__all__ = ["PLANS", "Capability", "Terms", "allows", "plans_with"]
