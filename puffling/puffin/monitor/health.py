"""Whether the parts that trading leans on answer, and how fast."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from puffling.frozen import frozen
from puffling.puffin.machine_time import machine_time

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = "healthy", "degraded", "unhealthy", "unknown"
SLOW_SECONDS = 2.0
_WORST_FIRST = (UNHEALTHY, DEGRADED, HEALTHY)
_LEVELS = {
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}

_log = logging.getLogger(__name__)


@frozen
class HealthCheck:
    """How one part is: healthy, degraded, unhealthy or unknown; `latency` is in seconds."""

    status: str
    last_update: datetime
    latency: float = 0.0
    message: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


class SystemHealth:
    """Checks a data feed and a broker, remembers what it found, and raises the alarm."""

    def __init__(
        self,
        alert_callback: Callable[[str, str], None] | None = None,
        *,
        now: Callable[[], datetime] = machine_time,
    ) -> None:
        self._alert_callback = alert_callback
        self._now = now
        self._checks: dict[str, HealthCheck] = {}
        self.alerts: list[tuple[datetime, str, str]] = []

    def check_data_feed(self, provider: Any) -> HealthCheck:
        """Ask a provider whether it is there: by its own `is_connected` or `ping`, else for its symbols."""
        return self._check("data_feed", provider, ("is_connected", "ping", "get_supported_assets"))

    def check_broker_connection(self, broker: Any) -> HealthCheck:
        """Ask a broker for its account."""
        return self._check("broker", broker, ("get_account",))

    def alert(self, message: str, level: str = "warning") -> None:
        """Write a line into the log and tell whoever wanted to be told."""
        self.alerts.append((self._now(), level, message))
        _log.log(_LEVELS.get(level, logging.WARNING), "%s", message)
        if self._alert_callback is not None:
            self._alert_callback(message, level)

    def get_overall_health(self) -> dict[str, Any]:
        """Give the worst of all checks, and each by itself."""
        found = {each.status for each in self._checks.values()}
        status = next((each for each in _WORST_FIRST if each in found), UNKNOWN)
        return {"status": status, "checks": dict(self._checks), "last_update": self._now()}

    def reset(self) -> None:
        """Forget every check and every alarm."""
        self._checks.clear()
        self.alerts.clear()

    def _check(self, name: str, part: Any, questions: tuple[str, ...]) -> HealthCheck:
        question = next((each for each in questions if hasattr(part, each)), None)
        began = time.perf_counter()
        try:
            if question is None:
                raise TypeError(f"it answers none of {', '.join(questions)}")
            found = getattr(part, question)
            answer = found() if callable(found) else found
        except Exception as error:  # noqa: BLE001  whatever the part raises is the answer
            check = HealthCheck(UNHEALTHY, self._now(), time.perf_counter() - began, _reason(error))
        else:
            took = time.perf_counter() - began
            check = self._judged(question, answer, took)
        self._checks[name] = check
        if check.status == UNHEALTHY:
            self.alert(f"{name}: {check.message}", "error")
        return check

    def _judged(self, question: str, answer: Any, took: float) -> HealthCheck:
        if answer is False:
            return HealthCheck(UNHEALTHY, self._now(), took, f"{question} answered no")
        if took > SLOW_SECONDS:
            return HealthCheck(DEGRADED, self._now(), took, f"It took {took:.1f} s to answer")
        return HealthCheck(HEALTHY, self._now(), took, "It answers")


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
