"""Where calls come from: the Plum Fuse API."""

from fuse_otel.source.answer import ApiOptions
from fuse_otel.source.fuse_api import FuseApi

__all__ = ["ApiOptions", "FuseApi"]
