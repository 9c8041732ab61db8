"""Where calls come from: the Plum Fuse API."""

from fuse_otel.source.fuse_api import ApiOptions, FuseApi

__all__ = ["ApiOptions", "FuseApi"]
