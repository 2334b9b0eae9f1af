"""Data sets by name: what planning needs to know of them, and loading them.

A name is a row of `ROWS`, or the content name of data of a user's own: images, arrays, or what
code returns (`trainables.data.resolving`). Nothing here imports torch until data are loaded. In the
order in which they import each other:

    errors, content, table       what data sets are called and what is known of them
    caches                       where what is made of data is kept
    images/                      folders and archives of images
    split, streamed, decoded     examples in memory, or read as needed; decoded once
    arrays, array_files, own     arrays of a user's own
    torchvision_sets, digits, cifar10_jpeg     readers of the table's rows
    resolving, loading           from an address to a name; from a recipe to its examples
"""

from trainables.data.content import Facts as Facts
from trainables.data.errors import DataError as DataError
from trainables.data.loading import forget as forget
from trainables.data.loading import load as load
from trainables.data.loading import prepare as prepare
from trainables.data.loading import prepared as prepared
from trainables.data.resolving import full as full
from trainables.data.resolving import is_address as is_address
from trainables.data.resolving import is_code as is_code
from trainables.data.resolving import resolve as resolve
from trainables.data.table import DOOR as DOOR
from trainables.data.table import ROWS as ROWS
from trainables.data.table import augmentations as augmentations
from trainables.data.table import facts as facts
from trainables.data.table import is_folder as is_folder
from trainables.data.table import iterations_per_epoch as iterations_per_epoch
from trainables.data.table import streams as streams
from trainables.data.table import version as version
