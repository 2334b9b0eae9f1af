"""Content keys, and the store of what they name."""

from trainables.store.errors import StoreError, Unreadable
from trainables.store.keys import content_key
from trainables.store.leases import Leases
from trainables.store.store import Artifact, Missing, Store

__all__ = ["Artifact", "Leases", "Missing", "Store", "StoreError", "Unreadable", "content_key"]
