"""What of Cohere's chat format depends on the family of the model.

Source: Cohere's guide to reasoning, and its model pages: Command A Reasoning and Command A+ think unless told not to;
the others refuse `thinking`.
"""

import re
from typing import Final

_REASONS: Final = re.compile(r"command-a-(reasoning|plus)")


def takes_thinking(model: str) -> bool:
    """Whether the model takes `thinking`, and reads its earlier thoughts."""
    return _REASONS.search(model.lower()) is not None
