/** Where things are inside every bottle, whatever its backend. */
export const BottlePath = {
  home: "/home/agent",
  workspace: "/workspace",
  /** bot-bottle's own read-only files. */
  own: "/opt/bot-bottle",
  deno: "/opt/bot-bottle/deno",
  nodeProxy: "/opt/bot-bottle/node-proxy.cjs",
  sockets: "/opt/bot-bottle/sockets",
  /** Read-only files of the agent's provider. */
  agentFiles: "/opt/bot-bottle/agent",
  /** The agent CLI, read-only; its programs stand in `bin`. */
  toolchain: "/opt/agent",
  caBundle: "/etc/ssl/certs/ca-certificates.crt",
} as const;

/** One service of the sidecar as the bottle sees it; the socket is a file name in the socket folder. */
export interface BottleService {
  readonly name: "egress" | "git-gate" | "supervise";
  readonly port: number;
  readonly socket: string;
}

/** Ports of the bottle's loopback. The proxy is always there, the others when the sidecar serves them. */
export const SERVICES: readonly BottleService[] = [
  { name: "egress", port: 9099, socket: "egress.sock" },
  { name: "git-gate", port: 9420, socket: "git.sock" },
  { name: "supervise", port: 9100, socket: "supervise.sock" },
];

/** The proxy's URL inside a bottle. */
export const PROXY_URL = "http://127.0.0.1:9099";
