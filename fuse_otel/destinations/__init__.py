"""Where calls go: ``otlp_http.OtlpHttp``, ``otlp_grpc.OtlpGrpc``,
``file.FileDestination``, ``console.ConsoleDestination``.

Each is imported from its own module, so that a file on disk needs no HTTP.
"""
