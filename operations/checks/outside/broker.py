"""The task queue's broker: Redis, where one is set."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import task_queue
from operations.checks.operator_check import Alarms, registry
from operations.checks.outside_service import OutsideService


@registry.register
class BrokerAnswers(OutsideService):
    """Whether Redis answers. Without it work goes on, a second later."""

    key, label = "broker", gettext_lazy("Broker")
    setting = "REDIS_URL"
    remedy = "Start Redis, or mend REDIS_URL; nothing is lost meanwhile."
    well = "Redis answers."

    def is_set(self) -> bool:
        return bool(settings.REDIS_URL)

    def failure(self) -> str:
        return "" if task_queue.is_answering() else away()

    def alarms(self) -> Alarms:
        return {"broker_away": self.failure()}


def away() -> str:
    return _("Redis does not answer. Work goes on, found by a sweep each second.")
