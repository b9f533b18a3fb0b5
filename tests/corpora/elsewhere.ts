/** Lines of `bypass.jsonl` that are not about routing or framing, or need more than the proxy, with the reason. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  "foreign-cred":
    "which credential an agent may bring along is for the outbound detectors to say; " +
    "that a route with auth replaces it is tested in tests/attacks/egress_credentials_test.ts",
  "dos-decode-bomb": "decoding nested encodings belongs to the outbound detectors",
  "dos-json-depth": "reading JSON belongs to the outbound detectors",
  "dos-regex-dos": "token patterns belong to the outbound detectors",
  "dos-unicode-bomb": "normalising text belongs to the outbound detectors",
  "log-secret":
    "a secret in a request is found by the outbound detectors; that credentials of routes are " +
    "masked in events is tested in tests/attacks/egress_credentials_test.ts",
  "supervise-flood": "no request is held yet",
  "supervise-toctou": "no request is held yet",
  "icmp": "a bottle's own network: tests/attacks/sandbox_network_test.ts",
  "no-proxy-env": "a bottle's own network: tests/attacks/sandbox_network_test.ts",
  "quic": "a bottle's own network: tests/attacks/sandbox_network_test.ts",
};
