"""Content keys, and the store of what they name."""

from trainables.store.files import StoreError
from trainables.store.keys import content_key
from trainables.store.leases import Leases
from trainables.store.store import Missing, Store

__all__ = ["Leases", "Missing", "Store", "StoreError", "content_key"]
