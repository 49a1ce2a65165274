"""For all tests: Node comes from the environment that was set up, as in the product, before anything imports cdktf."""

from lib.guards.provider import use_packaged_node

use_packaged_node()
