"""Files of a store, as a vandal would see them."""

import fsspec

KIND = "state"
KEY, OTHER = "ab" + "0" * 30, "ab" + "1" * 30
PAYLOAD = bytes(range(256)) * 4


class Files:
    """The files under a store's URL, by path."""

    def __init__(self, url):
        self.fs, self.root = fsspec.core.url_to_fs(url, use_listings_cache=False)

    def all(self):
        """Name -> full path, of everything that is not set aside."""
        paths = [path for path in self.fs.find(self.root) if "/damaged/" not in path]
        return {path.rpartition("/")[2]: path for path in paths}

    def manifest(self, key=KEY):
        return self.all()[f"{key}.json"]

    def payloads(self, key=KEY):
        return [p for n, p in self.all().items() if n.startswith(f"{key}.") and n != f"{key}.json"]

    def set_aside(self):
        return [path for path in self.fs.find(self.root) if "/damaged/" in path]

    def change(self, path, content):
        self.fs.pipe_file(path, content)

    def remove(self, path):
        self.fs.rm_file(path)
