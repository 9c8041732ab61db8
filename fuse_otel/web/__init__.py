"""The pages, the metrics and the webhook over HTTP. Reads by callables it is given; decides
nothing. Import ``app`` and ``server`` from their own files: they need starlette and uvicorn.
"""
