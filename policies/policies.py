"""Makes `policies.*` importable when plain Checkov loads this folder by path.

`checkov --external-checks-dir policies` puts this folder itself on sys.path and executes its files under
their bare names. Found that way, this module stands for the package of the same name.
"""

from pathlib import Path

__path__ = [str(Path(__file__).parent)]
