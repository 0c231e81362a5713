"""What a request's body says about how much it can cost, whatever format it is written in."""

import msgspec

from headgate.domain.usage import Unit


class RequestShape(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds the cost of one request."""

    body_bytes: int
    """Size of the body: no text in it has more tokens."""
    max_output_tokens: int | None = None
    """The caller's limit per choice; None: none that this operator obeys."""
    limit_field: str = "max_tokens"
    """What a caller of this format would set to have a limit."""
    choices: int = 1
    refers_outside: bool = False
    """The input is more than the body: documents, videos, earlier answers, server-side tools."""
    server_tools: bool = False
    """The operator itself runs tools."""
    searches: int = 0
    """The most searches it may run, each with a fee."""
    fees: tuple[tuple[Unit, int], ...] = ()
    """What else the operator's tools are billed by, and the most of it."""
    surcharge_tokens: int = 0
    """Input that the operator adds."""
    images: int = 0
    audio: bool = False
    """Audio goes in."""
    modalities: bool = False
    """Something else than text may come out."""
    predicted_tokens: int = 0
    """Of a predicted output: what is rejected of it is billed beside the answer."""
    long_cache: bool = False
    """Something may be written to the cache for an hour."""
    service_tiers: tuple[str, ...] = ()
    """Tiers beside the standard one that the request may be billed at."""
    output: bool = True
    """False for embeddings."""
    counted: tuple[tuple[Unit, int], ...] = ()
    """The most of whatever else is counted than tokens: images, characters, seconds, searches. What of it has a rate is
    billed so; a card without a rate for tokens bills nothing else."""
    tier: str | None = None
    """The one tier that the answer is billed at, where the request decides that and the card knows it."""

    @property
    def plain(self) -> bool:
        """Text in, text out, at the standard tier, without searches: what most requests are."""
        return (self.output and not self.counted) and not (
            self.images
            or self.audio
            or self.modalities
            or self.long_cache
            or self.searches
            or self.fees
            or self.service_tiers
        )
