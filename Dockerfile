# syntax=docker/dockerfile:1
# docker build -t fuse-otel . && docker run --env-file fuse-otel.env -v fuse-otel:/var/lib/fuse-otel fuse-otel

# A release names it by its digest: --build-arg BASE=python:3.13-slim@sha256:…
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /opt/fuse-otel && python -m venv /opt/build
# Copy the locks first, so that a change of the code keeps this layer.
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN /opt/build/bin/pip --python /opt/fuse-otel/bin/python install --require-hashes -r requirements/runtime.txt \
 && /opt/build/bin/pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY scripts/readme_metadata.py scripts/
COPY deploy deploy
COPY fuse_otel fuse_otel
RUN /opt/build/bin/python -m hatchling build --target wheel \
 && /opt/build/bin/pip --python /opt/fuse-otel/bin/python install --no-deps --no-compile dist/*.whl \
 # Compile now: with a read-only root the program cannot write byte code at run time.
 && /opt/fuse-otel/bin/python -m compileall -q /opt/fuse-otel/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="fuse-otel" \
      org.opencontainers.image.description="Every call of a Plum Fuse phone application as one OpenTelemetry trace" \
      org.opencontainers.image.licenses="Apache-2.0"
# The program installs nothing at run time. The second line is for a base of Debian's own packages.
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    /usr/lib/python3*/ensurepip /usr/share/python-wheels
# A number, so that Kubernetes can check runAsNonRoot.
RUN groupadd --gid 9464 fuse-otel \
 && useradd --uid 9464 --gid 9464 --no-create-home --home-dir /var/lib/fuse-otel --shell /usr/sbin/nologin fuse-otel \
 && install --directory --owner=9464 --group=9464 --mode=0700 /var/lib/fuse-otel
COPY --from=build /opt/fuse-otel /opt/fuse-otel
ENV PATH=/opt/fuse-otel/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FUSE_OTEL_STATE_URL=sqlite:////var/lib/fuse-otel/state.db \
    FUSE_OTEL_LISTEN=[::]:9464
USER 9464:9464
WORKDIR /var/lib/fuse-otel
VOLUME /var/lib/fuse-otel
EXPOSE 9464
STOPSIGNAL SIGTERM
# It takes the address, TLS and the login from the configuration.
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s \
  CMD ["fuse-otel", "health"]
ENTRYPOINT ["fuse-otel"]
CMD ["run"]
# Last, because they change with every build.
ARG VERSION
ARG REVISION
ARG SOURCE
ARG CREATED
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.created="${CREATED}"
