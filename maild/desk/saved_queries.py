"""Saved queries: which of the desk's views an agent sees (PRODUCT 17). Pure; what a query means is `maild.desk.query`'s."""

from collections.abc import Mapping

from maild.config.settings import Settings, View


def views_of(agent: str | None, settings: Settings) -> Mapping[str, View]:
    """The views that this agent sees, by name; whoever is no agent, as the admin at the keyboard, sees all."""
    known = agent if agent in settings.agents else None
    return {key: view for key, view in settings.views.items() if known is None or _is_for(known, view, settings)}


def _is_for(agent: str, view: View, settings: Settings) -> bool:
    everybody = not view.agents and not view.queues
    return everybody or agent in view.agents or any(agent in settings.queues[queue].staff for queue in view.queues)
