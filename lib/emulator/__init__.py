"""The embedded AWS: moto's server, extended, with a real PostgreSQL and a real Valkey behind its endpoints."""
