"""The keys of the hosts: whether all that run this Runbell have the same."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from operations.checks import key_fingerprints
from operations.checks.operator_check import Alarms, OperatorCheck, registry


@registry.register
class HostsShareKeys(OperatorCheck):
    """Whether every host that was seen lately signs and encrypts with the same keys."""

    key, label = "host_keys", _("Keys of the hosts")
    remedy = "Give each host the same RUNBELL_SECRET_KEY and RUNBELL_FERNET_KEYS, and start it again."
    well = "All hosts that were seen lately have the same keys."

    def alarms(self) -> Alarms:
        return {"host_keys": " ".join(key_fingerprints.problems_of_all())}
