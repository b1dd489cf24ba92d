"""A dialogue without a model, as both sides of an agenda have it."""
