"""Which node this is: a random id that lives beside the journals, for a journal can only be recovered where it lies."""

import os
import uuid
from pathlib import Path

NODE_FILE = "node"


def node_id(data_dir: Path) -> str:
    """The node's id, drawn once. Two processes that start at once agree on one."""
    path = data_dir / NODE_FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        own = data_dir / f"{NODE_FILE}.{os.getpid()}"
        own.write_text(uuid.uuid4().hex, encoding="ascii")
        try:
            os.link(own, path)
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return path.read_text(encoding="ascii").strip()
