"""The platform and its gate, as eight stages; each takes one artifact and gives the next.

    Settings -> guarded constructs -> Synthesis -> [Finding] -> Verdict -> reports -> a run that is kept and sealed
                                                          \\-> Plan (+ its own Verdict) -> Receipt -> outputs

`head -1 lib/*.py lib/*/__init__.py` prints the flow. A stage imports only stages before it and `artifacts`
and `errors`; import-linter states the contract in pyproject.toml and `make check` enforces it.

Outside things have one owner each: the environment belongs to `settings`, the provider bindings to `guards`,
Checkov to `policies`, `gate.scan` and `gate.adopted`, git to `evidence.checkout`, the servers of this machine to
`emulator`, the clock and argv to `main.py`.
"""
