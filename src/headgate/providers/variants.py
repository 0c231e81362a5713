"""What one deployment makes of its operator: other addresses by an API version, one format instead of all."""

from urllib.parse import quote, urlsplit

import msgspec

from headgate.providers.provider import Provider


class NotSpokenError(ValueError):
    """The operator has nothing of that kind; the message says what it has."""


def variant(value: Provider, *, format_: str | None = None, version: str | None = None) -> Provider:
    """The operator as a deployment sees it.

    Args:
        value: the operator.
        format_: the one format that is spoken; None: all.
        version: of the API; None: the addresses that need none.

    Raises:
        NotSpokenError: the operator has no such format, or no API versions.
    """
    if version is not None:
        if not value.versioned_paths:
            message = f"{value.title} has no API versions."
            raise NotSpokenError(message)
        quoted = quote(version, safe="")
        paths = {name: path.replace("{version}", quoted) for name, path in value.versioned_paths.items()}
        value = msgspec.structs.replace(value, paths=paths)
    if format_ is not None:
        spoken = {name: path for name, path in value.paths.items() if name.value == format_}
        if not spoken:
            message = f"{value.title} does not speak {format_!r}; it speaks {', '.join(value.paths)}."
            raise NotSpokenError(message)
        value = msgspec.structs.replace(value, paths=spoken)
    return value


def address_of(value: Provider, given: str, *, version: str | None = None) -> str:
    """The base address as paths are put behind it, from what a person wrote: with the operator's suffix or without.

    An address with a path of its own is taken as it is, but for what the paths have already; with an API version the
    suffix goes, for the version's paths begin above it.
    """
    address, suffix = given.rstrip("/").removesuffix(value.base_url_excess), value.base_url_suffix
    if version is not None:
        return address.removesuffix(suffix)
    bare = not urlsplit(address).path
    return address + suffix if bare else address
