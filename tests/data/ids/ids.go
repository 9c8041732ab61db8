package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
)

func ids(namespace, sessionID string) (string, [3]string) {
	d := sha256.Sum256([]byte("fuse-otel/1\x00" + namespace + "\x00" + sessionID))
	base := binary.BigEndian.Uint64(d[16:24])
	var spans [3]string
	for n := range spans {
		span := base + uint64(n)*0x9E3779B97F4A7C15 // wraps around at 2^64
		if span == 0 {
			span = 1
		}
		spans[n] = fmt.Sprintf("%016x", span)
	}
	return hex.EncodeToString(d[:16]), spans
}

func main() {
	traceID, spans := ids(os.Args[1], os.Args[2])
	fmt.Println(traceID, spans[0], spans[1], spans[2])
}
