#!/bin/sh
# dpkg says `remove`, rpm says how many versions remain. An upgrade leaves the daemon to postinstall.sh.
set -e
case "$1" in
    remove | 0)
        if [ -d /run/systemd/system ]; then
            systemctl disable --now fuse-otel.service
        fi
        ;;
esac
