"""Errors of the recognizers, named by remedy.

RecognizerError
├── CheckpointMismatch   the file is not what was asked for: give the right file
├── DataError            the training or validation data cannot be used: mend the data
├── LibraryMissing       what was asked for needs a library that is not installed: install the extra
├── TrainingDiverged     a training makes no number any more: a smaller rate, or other data
├── NotWritten           the disk does not take a file: make room, and start again
├── DownloadFailed       a published file did not come: try again, or from a mirror, or put it there
├── OutOfDeviceMemory    the device is full: halve the batch
└── DeviceFailed         the device failed: the batch is lost, the next is tried
"""


class RecognizerError(Exception):
    """Base of everything the recognizers raise on purpose."""


class CheckpointMismatch(RecognizerError):
    """The checkpoint is missing, damaged, unsafe or made for another network."""


class DataError(RecognizerError):
    """A data set cannot be read or would give a wrong figure."""


class LibraryMissing(RecognizerError):
    """A library of an extra is not installed; says which extra brings it."""


class TrainingDiverged(RecognizerError):
    """The loss or its gradient is no number any more; what was good before is kept."""


class NotWritten(RecognizerError):
    """A file cannot be written; the one that was there is as it was."""


class DownloadFailed(RecognizerError):
    """A published file could not be fetched whole and unchanged."""


class OutOfDeviceMemory(RecognizerError):
    """The batch does not fit the device; half of it may."""


class DeviceFailed(RecognizerError):
    """The device, or its driver, failed on this batch; the next may work."""
