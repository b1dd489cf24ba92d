"""Logins: codes that prove a phone or an e-mail, sessions that last, what a person may take away or have erased."""
