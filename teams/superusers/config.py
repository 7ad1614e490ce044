"""AppConfig of Django's admin with our site. Not in `teams.apps`: Django looks for one configuration there."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class SuperusersConfig(AdminConfig):
    default_site = "teams.superusers.superuser_admin_site.SuperuserSite"
