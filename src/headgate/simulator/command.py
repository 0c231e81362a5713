"""`headgate simulate`: the options of the simulator on the command line."""

import argparse
import os
import sys
from typing import NoReturn

import msgspec

from headgate.simulator.bill import DEFAULT_LIMIT
from headgate.simulator.knobs import ERROR_STATUSES, ErrorKnob, Knobs, merge_knobs, parse_knobs
from headgate.simulator.serve import run
from headgate.simulator.settings import Settings

_OPTIONS = {
    "latency_ms": "wait before the status line, milliseconds",
    "first_byte_ms": "wait between headers and body, milliseconds",
    "tokens_per_second": "speed of generation",
    "output_tokens": "exact length of text answers",
    "cached_tokens": "prompt tokens read from the cache",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; `main` reads what they parse to."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8001, help="port to listen on, 0 for a free one (default: %(default)s)"
    )
    for name, text in _OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, help=text)
    parser.add_argument("--error-status", type=int, choices=ERROR_STATUSES, help="refuse requests with this status")
    parser.add_argument(
        "--error-probability", type=float, default=1.0, help="share of requests refused (default: %(default)s)"
    )
    parser.add_argument("--retry-after", type=int, help="seconds in the retry-after header of refusals")
    parser.add_argument("--knobs", help="any knobs as JSON; the options above win over it")
    parser.add_argument(
        "--bill-limit", type=int, default=DEFAULT_LIMIT, help="entries of the bill that are kept (default: %(default)s)"
    )
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="stop at the end of standard input, for parent processes"
    )


def main(args: argparse.Namespace) -> int:
    """Run the simulator until it is stopped, then end the process with 0. One line on standard output says where it is.

    Returns:
        1 when the address cannot be used, 2 for options that cannot be read.
    """
    try:
        settings = read_settings(args)
    except ValueError as error:
        print(f"headgate simulate: {error}", file=sys.stderr)
        return 2

    def announce(port: int) -> None:
        host = f"[{args.host}]" if ":" in args.host else args.host
        print(f"simulated provider on http://{host}:{port}", flush=True)

    try:
        run(args.host, args.port, settings, until_stdin_closes=args.until_stdin_closes, on_ready=announce)
    except OSError as error:
        print(f"headgate simulate: cannot listen on {args.host}:{args.port}: {error}", file=sys.stderr)
        return 1
    return _leave()


def _leave() -> NoReturn:
    """End the process at once: Granian's threads panic when the interpreter is torn down under them."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def read_settings(args: argparse.Namespace) -> Settings:
    """Settings from parsed options.

    Raises:
        ValueError: a knob is unknown or out of range, or the bill limit is not positive; the message names it.
    """
    if args.bill_limit < 1:
        raise ValueError("--bill-limit is at least 1")
    given: dict[str, object] = {name: value for name in _OPTIONS if (value := getattr(args, name)) is not None}
    if args.error_status is not None:
        error = {"status": args.error_status, "probability": args.error_probability, "retry_after": args.retry_after}
        given["error"] = msgspec.convert(error, ErrorKnob)
    # Through JSON, so that the bounds of every knob are checked.
    options = parse_knobs(msgspec.json.encode(given))
    try:
        rest = parse_knobs(args.knobs) if args.knobs else Knobs()
    except msgspec.DecodeError as error:
        raise ValueError(f"--knobs: {error}") from None
    return Settings(knobs=merge_knobs(options, rest), bill_limit=args.bill_limit)
