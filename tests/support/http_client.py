"""HTTP as httpx speaks it, with the patience of the tests: its own default is five seconds."""

from functools import partial

import httpx

from support.patience import PATIENCE

get = partial(httpx.get, timeout=PATIENCE)
post = partial(httpx.post, timeout=PATIENCE)
request = partial(httpx.request, timeout=PATIENCE)
stream = partial(httpx.stream, timeout=PATIENCE)
client = partial(httpx.Client, timeout=PATIENCE)
