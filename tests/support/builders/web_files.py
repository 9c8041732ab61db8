"""Web configuration files, with hashes of the lowest cost: a test makes many logins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bcrypt

from fuse_otel.config.file.web_config import read_web_config
from fuse_otel.web.access import Access
from support.fakes.tls_files import Certificate


def hash_of(password: str, cost: int = 4) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def write_web_file(folder: Path, **keys: Any) -> Path:
    """JSON is YAML."""
    file = folder / "web.yaml"
    file.write_text(json.dumps(keys))
    return file


def tls(certificate: Certificate, **more: Any) -> dict[str, Any]:
    return {"cert_file": str(certificate.certificate), "key_file": str(certificate.key), **more}


def access(folder: Path, **keys: Any) -> Access:
    return read_web_config(str(write_web_file(folder, **keys)))
