"""This package's door to scikit-learn."""

from __future__ import annotations

from typing import Any

from recognizers.errors import LibraryMissing


def scikit_learn() -> Any:
    """The module `sklearn.metrics`; imported when it is first asked for, since a training needs none of it.

    Raises:
        LibraryMissing: it is not installed.
    """
    try:
        import sklearn.metrics  # noqa: PLC0415 - a second to import, and an extra
    except ImportError as error:
        raise LibraryMissing(
            "these figures need scikit-learn, which is not installed; pip install 'taktstream[validation]'"
        ) from error
    return sklearn.metrics
