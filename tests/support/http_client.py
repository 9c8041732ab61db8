"""HTTP as httpx speaks it, with the patience of the tests: its own default is five seconds. The
authorities of this machine are read once, which takes longer than a request.
"""

from functools import partial

import httpx

from support.patience import PATIENCE

_TRUST = httpx.create_ssl_context()

get = partial(httpx.get, timeout=PATIENCE, verify=_TRUST)
post = partial(httpx.post, timeout=PATIENCE, verify=_TRUST)
request = partial(httpx.request, timeout=PATIENCE, verify=_TRUST)
stream = partial(httpx.stream, timeout=PATIENCE, verify=_TRUST)
client = partial(httpx.Client, timeout=PATIENCE, verify=_TRUST)
