"""Folders and archives of images: found by one set of rules, and then decoded whole or streamed.

trees, split_folders, layout, archives   which files are images of which class
source                                   what lies at an address, and what shows that it changed
decoding                                 decoded whole, once
listing, index, listed, unpacking        listed once, for streaming
reading, pixels, crops, decoders         streamed: read and cropped as they are needed
checking, resizing, parallel             `sweeps images`
"""
