#!/bin/sh
# After an installation or an upgrade, of the deb and of the rpm. The daemon is not started: it first
# needs a developer key.
set -e
if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers fuse-otel.conf
fi
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl try-restart fuse-otel.service
fi
