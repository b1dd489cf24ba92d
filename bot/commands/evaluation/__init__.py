"""Conversation scenarios: written as YAML, played through the real webhook, judged by the rows they leave."""
