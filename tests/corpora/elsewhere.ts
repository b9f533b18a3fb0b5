/** Lines of `bypass.jsonl` that need more than the proxy, with the reason. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  "icmp": "a bottle's own network: tests/attacks/sandbox_network_test.ts",
  "no-proxy-env": "a bottle's own network: tests/attacks/sandbox_network_test.ts",
  "quic": "a bottle's own network: tests/attacks/sandbox_network_test.ts",
};
