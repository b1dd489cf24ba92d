"""Asking a language model: requests, retries, the tool loop, what it costs and what a plan allows."""
