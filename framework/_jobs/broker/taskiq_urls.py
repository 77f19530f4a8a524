"""The brokers of taskiq that a URL names."""

from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from framework._jobs.broker.names import plain_name

__all__ = ("kafka", "rabbitmq", "sqs")

_DELIVERIES = 20
"""How often RabbitMQ delivers a message that is not acknowledged."""
_KAFKA_PATIENCE = 3_000
"""Milliseconds that Kafka has for a connection."""


def rabbitmq(url: str, prefix: str, ahead: int) -> Callable[[str], Any]:
    """Return a function that makes a broker with a quorum queue; what cannot be delivered goes to another queue.

    ``ahead`` is how many messages a worker is sent before it acknowledges one.
    """

    def make(queue: str) -> Any:
        from aio_pika import ExchangeType
        from taskiq_aio_pika import AioPikaBroker, Exchange, Queue, QueueType

        name = f"{prefix}.{plain_name(queue)}"
        limit: Any = {"x-delivery-limit": _DELIVERIES}
        return AioPikaBroker(
            url,
            qos=ahead,
            exchange=Exchange(name=prefix, type=ExchangeType.DIRECT),
            task_queues=[Queue(name=name, type=QueueType.QUORUM, routing_key=name, arguments=limit)],
            dead_letter_queue=Queue(name=f"{prefix}.undelivered", type=QueueType.QUORUM),
        )

    return make


def kafka(url: str, prefix: str) -> Callable[[str], Any]:
    """Return a function that makes a broker with a topic of one partition, unless the topic exists."""
    servers = url.partition("://")[2].rstrip("/")

    def make(queue: str) -> Any:
        library: Any = import_module("taskiq_aio_kafka")
        # It connects when it is made, and tries for half a minute by default, for which a worker that stops would wait.
        admin = import_module("kafka.admin").KafkaAdminClient(
            bootstrap_servers=servers, client_id=prefix, bootstrap_timeout_ms=_KAFKA_PATIENCE
        )
        topic = f"{prefix}.{plain_name(queue)}"
        broker = library.AioKafkaBroker(servers, kafka_topic=topic, kafka_admin_client=admin)
        # Without a group, each worker would receive each message.
        broker.configure_consumer(group_id=prefix, auto_offset_reset="earliest")
        return broker

    return make


def sqs(url: str, prefix: str) -> Callable[[str], Any]:
    """Return a function that makes a broker for a queue that exists: ``sqs://eu-central-1`` or ``sqs://host:port``.

    The query has more options of the client: ``sqs://eu-central-1?visibility_timeout=60``.
    """
    parts = urlsplit(url)
    # The client waits for a second at a time in any case, and does not stop before the time that it is given is over.
    options: dict[str, Any] = {"max_number_of_messages": 10, "wait_time_seconds": 1}
    options.update((name, int(value) if value.isdecimal() else value) for name, value in parse_qsl(parts.query))
    if ":" in parts.netloc:
        options["endpoint_url"] = f"http://{parts.netloc}"
    elif parts.netloc:
        options["region_name"] = parts.netloc

    def make(queue: str) -> Any:
        library: Any = import_module("taskiq_aio_sqs")
        return library.SQSBroker(f"{prefix}-{plain_name(queue)}"[-80:], **options)

    return make
