"""Where calls go: ``otlp_http.OtlpHttp``, ``otlp_grpc.OtlpGrpc``, ``json_lines.FileDestination``,
``json_lines.ConsoleDestination``. Each is imported from its module, so that a file needs no HTTP.
"""
