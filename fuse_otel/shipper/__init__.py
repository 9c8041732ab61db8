"""One lane's loop: what is due goes to the destination, what became of it goes to the store."""

from fuse_otel.shipper.options import ShipperOptions
from fuse_otel.shipper.shipper import Shipper

__all__ = ["Shipper", "ShipperOptions"]
