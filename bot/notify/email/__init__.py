"""E-mail: the same facts as on WhatsApp, as a letter with an invitation that calendars understand."""
