"""The embedded AWS: moto's server, a real PostgreSQL and a real Valkey, both over TLS only, all on this machine.

`main.py local up | status | down` starts and stops one process (`python -m lib.emulator`) that owns all three. What
others need of it stands in the session file, `.local/session.json`; nobody else imports this package.
"""
