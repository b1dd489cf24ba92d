"""The business and its assistant: an appointment book that lives in WhatsApp."""
