"""The HTTP edges: Meta's webhook, the API, the pages."""
