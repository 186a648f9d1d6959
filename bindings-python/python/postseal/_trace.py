"""The trace in the host's own log."""

from __future__ import annotations

import json
import logging

from postseal._protocols import Tracer
from postseal._reports import Event


def logging_tracer(logger: logging.Logger, *, level: int = logging.INFO, private: bool = False) -> Tracer:
    """A tracer that writes each event as one line of JSON to a logger, without addresses and message ids unless `private`.

    The event itself is the record's attribute `postseal_event`, for handlers of the host's own.

    >>> import logging
    >>> callable(postseal.logging_tracer(logging.getLogger("mail")))
    True
    """

    def tracer(event: Event) -> None:
        if logger.isEnabledFor(level):
            line = json.dumps(event.as_json(private=private))
            logger.log(level, "%s", line, extra={"postseal_event": event})

    return tracer
