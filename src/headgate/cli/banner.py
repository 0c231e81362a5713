"""What `headgate serve` says when it is ready."""

from collections.abc import Mapping
from pathlib import Path


def banner(host: str, port: int, secrets: Mapping[str, object] | None, data_dir: Path) -> str:
    """The lines to print. Secrets are there on the first start only."""
    address = f"http://{'localhost' if host in {'0.0.0.0', '::', '127.0.0.1'} else host}:{port}"  # noqa: S104
    lines = ["", f"Headgate is ready at {address}", "", f"  dashboard   {address}/admin/"]
    if secrets is None:
        lines += [f"  data        {data_dir} (kept; passwords and keys were shown at the first start)", ""]
        return "\n".join(lines)
    key = secrets["key"]
    lines += [
        f"  sign in     {secrets['admin_username']} / {secrets['admin_password']}",
        f"  virtual key {key}",
        f"  data        {data_dir}",
        "",
        "The password and the key are shown this once. Try it:",
        "",
        f"curl {address}/v1/chat/completions \\",
        f"  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\",
        """  -d '{"model": "sim/small", "messages": [{"role": "user", "content": "Say hello"}]}'""",
        "",
    ]
    return "\n".join(lines)
