"""Where calls come from: the Plum Fuse API."""

from fuse_otel.source.fuse_api import FuseApi
from fuse_otel.source.options import ApiOptions

__all__ = ["ApiOptions", "FuseApi"]
