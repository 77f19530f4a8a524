"""What was decided at start-up, as frozen records: behaviour and the OpenAPI document are both read from them."""

from framework._plan.answering import Encoding, MediaPlan, ResponsePlan, StreamKind, StreamPlan
from framework._plan.following import LinkedParameter, LinkPlan
from framework._plan.making import (
    ArgumentPlan,
    Call,
    CredentialPlan,
    FactoryKind,
    GuardPlan,
    Provision,
    ServicePlan,
    VerificationPlan,
)
from framework._plan.reading import BodyKind, BodyMember, BodyPlan, Carrier, FieldPlan, ParameterPlan, Source
from framework._plan.routes import HandledPlan, LayerPlan, RoutePlan, handled_by
from framework._plan.talking import Frames, MessagePlan, SocketPlan

__all__ = (
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
    "ParameterPlan",
    "Provision",
    "ResponsePlan",
    "RoutePlan",
    "ServicePlan",
    "SocketPlan",
    "Source",
    "StreamKind",
    "StreamPlan",
    "VerificationPlan",
    "handled_by",
)
