"""The decisions of start-up as frozen records: behaviour and the OpenAPI document are both read from them."""

from framework._plan.calls import (
    ArgumentPlan,
    Call,
    CredentialPlan,
    FactoryKind,
    GuardPlan,
    Provision,
    ServicePlan,
    VerificationPlan,
)
from framework._plan.links import LinkedParameter, LinkPlan
from framework._plan.observers import ObserverPlan
from framework._plan.requests import (
    SEPARATORS,
    BodyKind,
    BodyMember,
    BodyPlan,
    Carrier,
    FieldPlan,
    ParameterPlan,
    Source,
)
from framework._plan.responses import Encoding, MediaPlan, ResponsePlan, StreamKind, StreamPlan
from framework._plan.routes import HandledPlan, LayerPlan, RoutePlan, StepsPlan, handled_by, in_guard_order
from framework._plan.sockets import Frames, MessagePlan, SocketPlan

__all__ = (
    "SEPARATORS",
    "ArgumentPlan",
    "BodyKind",
    "BodyMember",
    "BodyPlan",
    "Call",
    "Carrier",
    "CredentialPlan",
    "Encoding",
    "FactoryKind",
    "FieldPlan",
    "Frames",
    "GuardPlan",
    "HandledPlan",
    "LayerPlan",
    "LinkPlan",
    "LinkedParameter",
    "MediaPlan",
    "MessagePlan",
    "ObserverPlan",
    "ParameterPlan",
    "Provision",
    "ResponsePlan",
    "RoutePlan",
    "ServicePlan",
    "SocketPlan",
    "Source",
    "StepsPlan",
    "StreamKind",
    "StreamPlan",
    "VerificationPlan",
    "handled_by",
    "in_guard_order",
)
