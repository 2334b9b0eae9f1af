"""Content keys, and the store of what they name."""

from trainables.store.keys import content_key
from trainables.store.store import Missing, Store, StoreError

__all__ = ["Missing", "Store", "StoreError", "content_key"]
