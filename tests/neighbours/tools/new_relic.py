"""New Relic's agent in developer mode, which sends nothing."""

from typing import Any

import newrelic.agent
from newrelic.core.application import Application
from newrelic.core.transaction_node import TransactionNode

__all__ = ("NewRelic",)


class NewRelic:
    """New Relic: transactions."""

    def start(self) -> None:
        """Switch it on."""
        self._nodes: list[TransactionNode] = []
        settings = newrelic.agent.global_settings()
        settings.app_name = "site"
        settings.license_key = "0" * 40
        settings.developer_mode = True
        settings.monitor_mode = True
        settings.startup_timeout = 10.0
        settings.log_level = 50
        newrelic.agent.initialize()
        record = Application.record_transaction

        def keep(application: Application, data: TransactionNode, *rest: Any) -> Any:
            self._nodes.append(data)
            return record(application, data, *rest)

        Application.record_transaction = keep
        newrelic.agent.register_application(timeout=10.0)

    def prepare(self, site: Any) -> None:
        """Do nothing: it patches aiohttp's classes."""

    def take(self) -> list[Any]:
        """Return what was recorded since the last call."""
        nodes, self._nodes = self._nodes, []
        return [_summary(one) for one in nodes]


def _summary(node: TransactionNode) -> dict[str, Any]:
    attributes = {one.name: one.value for one in node.agent_attributes}
    return {
        "path": node.path,
        "type": node.type,
        "took time": node.duration > 0,
        "children": [one.name for one in node.root.children],
        "status": attributes.get("response.status"),
        "method": attributes.get("request.method"),
        "uri": attributes.get("request.uri"),
        "errors": [[one.type, one.message, one.expected] for one in node.errors],
    }
