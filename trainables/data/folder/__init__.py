"""Folders of images too many for memory: listed once, read and cropped as they are needed.

`train|val/<class>/<image>`, torchvision's layout of ImageNet; `test` is another name of `val`.
"""
