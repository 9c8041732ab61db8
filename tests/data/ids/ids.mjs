import { createHash } from "node:crypto";

function ids(namespace, sessionId) {
  const d = createHash("sha256").update(`fuse-otel/1\0${namespace}\0${sessionId}`).digest();
  const base = d.readBigUInt64BE(16);
  const spans = [0n, 1n, 2n].map((n) => BigInt.asUintN(64, base + n * 0x9e3779b97f4a7c15n) || 1n);
  return [d.toString("hex", 0, 16), spans.map((span) => span.toString(16).padStart(16, "0"))];
}

const [traceId, spanIds] = ids(process.argv[2], process.argv[3]);
console.log(traceId, ...spanIds);
