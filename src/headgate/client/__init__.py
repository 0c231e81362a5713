"""The Python client of Headgate: works against any gateway's address, and needs nothing else of this package."""

from headgate.client import langsmith_service
from headgate.client.ai_provider import AIProvider
from headgate.client.async_client import AsyncHeadgate, AsyncTextStream
from headgate.client.budget_guard import BudgetGuard
from headgate.client.endpoints import AiRequest, AiResponse
from headgate.client.enhanced_router import EnhancedAIRouter, GenerationRequest, GenerationResult
from headgate.client.errors import (
    AnswerUnreadable,
    BadRequest,
    BatchFailed,
    BudgetExceeded,
    CannotTranslate,
    Conflict,
    ConnectionFailed,
    Forbidden,
    GatewayFault,
    HeadgateError,
    LimitExceeded,
    NotAuthenticated,
    NotConfigured,
    NotFound,
    NotReadYet,
    PolicyBlocked,
    ProviderError,
    ProviderTimeout,
    RateLimited,
    StatusError,
    StreamBroken,
    TimedOut,
    Unavailable,
    Unpriced,
)
from headgate.client.langsmith_service import get_system_analytics, get_user_analytics, track_cost
from headgate.client.requests import Message, TextRequest
from headgate.client.results import Generation, Usage
from headgate.client.sync_client import Headgate, TextStream
from headgate.client.traces import Trace, create_trace, traceable

__all__ = [
    "AIProvider",
    "AiRequest",
    "AiResponse",
    "AnswerUnreadable",
    "AsyncHeadgate",
    "AsyncTextStream",
    "BadRequest",
    "BatchFailed",
    "BudgetExceeded",
    "BudgetGuard",
    "CannotTranslate",
    "Conflict",
    "ConnectionFailed",
    "EnhancedAIRouter",
    "Forbidden",
    "GatewayFault",
    "Generation",
    "GenerationRequest",
    "GenerationResult",
    "Headgate",
    "HeadgateError",
    "LimitExceeded",
    "Message",
    "NotAuthenticated",
    "NotConfigured",
    "NotFound",
    "NotReadYet",
    "PolicyBlocked",
    "ProviderError",
    "ProviderTimeout",
    "RateLimited",
    "StatusError",
    "StreamBroken",
    "TextRequest",
    "TextStream",
    "TimedOut",
    "Trace",
    "Unavailable",
    "Unpriced",
    "Usage",
    "create_trace",
    "get_system_analytics",
    "get_user_analytics",
    "langsmith_service",
    "traceable",
    "track_cost",
]
