"""The Evolution API, an unofficial way to WhatsApp: shapes of 2.3.7, with those of 2.4 accepted."""
