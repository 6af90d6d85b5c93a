"""What is known of the service's health."""

from __future__ import annotations


class Health:
    """Ready means: configuration read, recognizers loaded, outbox open.

    Cameras and the broker are not asked: that they are away is shown by metrics, and taking the service out of rotation
    or restarting it would help nobody.
    """

    def __init__(self) -> None:
        self.ready = False
