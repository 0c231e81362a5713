"""A conversation as one plain text, for a format that has no messages.

What a single user says alone goes out as it is. Anything longer is a transcript: the instructions, then each turn
behind the name of its speaker, and at the end the name of whoever is to speak. No model's own template is known here:
one that needs its template is better asked in the server's chat format.
"""

from typing import Final

from headgate.domain.conversation import (
    Conversation,
    Document,
    Message,
    Part,
    RedactedThinking,
    Role,
    Text,
    Thinking,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import joined, plain_document

_SPEAKERS: Final = {Role.USER: "User", Role.ASSISTANT: "Assistant", Role.SYSTEM: "System"}


def render_prompt(conversation: Conversation) -> str:
    """Write the prompt.

    Raises:
        UntranslatableError: naming the field of the conversation that is no text, or an empty prompt.
    """
    turns = [
        (message.role, text)
        for i, message in enumerate(conversation.messages)
        if (text := _text(message, f"messages[{i}]"))
    ]
    instructions = joined(conversation.system)
    if not turns and not instructions:
        raise UntranslatableError("messages", "this model needs a message that is not empty")
    if not instructions and len(turns) == 1 and turns[0][0] is Role.USER:
        return turns[0][1]
    paragraphs = [instructions] if instructions else []
    paragraphs += [f"{_SPEAKERS[role]}: {text}" for role, text in turns]
    if not turns or turns[-1][0] is not Role.ASSISTANT:
        # An answer that was begun for the model is continued as it stands.
        paragraphs.append(f"{_SPEAKERS[Role.ASSISTANT]}:")
    return "\n\n".join(paragraphs)


def _text(message: Message, field: str) -> str:
    pieces = (_piece(part, f"{field}.content[{j}]") for j, part in enumerate(message.parts))
    return "\n".join(piece for piece in pieces if piece)


def _piece(part: Part, field: str) -> str:
    match part:
        case Text(text=text):
            return text
        case Document():
            return plain_document(part, field)
        case Thinking() | RedactedThinking():
            return ""
        case _:
            raise UntranslatableError(field, "this model reads one plain text: it takes no pictures and no tools")
