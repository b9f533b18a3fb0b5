import { Buffer } from "node:buffer";
import type { RepoConfig } from "../repo_config.ts";
import type { GitSetting } from "./git_environment.ts";

/** What a git that talks to the upstream is given besides the usual environment. */
export interface UpstreamAccess {
  readonly env: Readonly<Record<string, string>>;
  readonly settings: readonly GitSetting[];
}

/** What access is made of. */
export interface UpstreamParts {
  readonly ssh: string | undefined;
  /** File that holds the pinned host key under {@linkcode hostAlias}. */
  readonly knownHosts: string;
  readonly token: string | undefined;
  /** PEM file of all trust roots; undefined for those of the system. */
  readonly trustFile: string | undefined;
  readonly proxy: string | undefined;
  /** Address that the upstream's host has, whatever a resolver says. */
  readonly address?: string | undefined;
}

/** The one name under which the upstream's host key is looked up, so that no other entry can match. */
export function hostAlias(repo: RepoConfig): string {
  return `git-gate-${repo.name}`;
}

/** A line of ssh's known_hosts (sshd(8)) for the pinned key. */
export function knownHostsLine(repo: RepoConfig): string {
  const [type = "", key = ""] = (repo.hostKey ?? "").split(" ");
  return `${hostAlias(repo)} ${type} ${key}\n`;
}

/** How to reach the upstream: by the pinned key and the one identity, or by the token; nothing else of the machine. */
export function upstreamAccess(repo: RepoConfig, parts: UpstreamParts): UpstreamAccess {
  return repo.url.startsWith("ssh:") ? sshAccess(repo, parts) : httpsAccess(repo, parts);
}

function sshAccess(
  repo: RepoConfig,
  { ssh, knownHosts, address }: UpstreamParts,
): UpstreamAccess {
  const options: readonly (readonly [string, string])[] = [
    ["BatchMode", "yes"],
    ["StrictHostKeyChecking", "yes"],
    ["UserKnownHostsFile", `"${knownHosts}"`],
    ["GlobalKnownHostsFile", "/dev/null"],
    ["HostKeyAlias", hostAlias(repo)],
    ["UpdateHostKeys", "no"],
    ["CheckHostIP", "no"],
    ["VerifyHostKeyDNS", "no"],
    ["IdentitiesOnly", "yes"],
    ["IdentityAgent", "none"],
    ["PreferredAuthentications", "publickey"],
    ["PermitLocalCommand", "no"],
    ["ForwardAgent", "no"],
    ["ForwardX11", "no"],
    ["ClearAllForwardings", "yes"],
    ["ControlMaster", "no"],
    ["ControlPath", "none"],
    ["ConnectTimeout", "15"],
    ["ServerAliveInterval", "15"],
    ["ServerAliveCountMax", "3"],
    ["EscapeChar", "none"],
    ["LogLevel", "ERROR"],
    ...(address === undefined ? [] : [["HostName", address] as const]),
  ];
  const args = [
    ssh ?? "/nonexistent/ssh",
    "-F",
    "/dev/null",
    "-i",
    repo.identityFile ?? "/dev/null",
    ...options.flatMap(([name, value]) => ["-o", `${name}=${value}`]),
  ];
  return {
    env: {
      GIT_SSH_COMMAND: args.map(shellWord).join(" "),
      GIT_SSH_VARIANT: "ssh",
      GIT_ALLOW_PROTOCOL: "ssh",
    },
    settings: [],
  };
}

function httpsAccess(
  repo: RepoConfig,
  { token, trustFile, proxy, address }: UpstreamParts,
): UpstreamAccess {
  // Forges take a token as the password of any user; "user:password" is taken as it is (RFC 7617).
  const pair = token === undefined || token.includes(":") ? token : `x-access-token:${token}`;
  const base = new URL(repo.url).origin;
  const settings: GitSetting[] = [["http.sslVerify", "true"], ["http.proxy", proxy ?? ""]];
  if (pair !== undefined) {
    const value = Buffer.from(pair, "utf8").toString("base64");
    settings.push([`http.${base}/.extraHeader`, `Authorization: Basic ${value}`]);
  }
  if (address !== undefined) {
    const { hostname, port } = new URL(repo.url);
    settings.push(["http.curloptResolve", `${hostname}:${port || 443}:${address}`]);
  }
  if (trustFile !== undefined) settings.push(["http.sslCAInfo", trustFile]);
  return { env: { GIT_ALLOW_PROTOCOL: "https" }, settings };
}

/** One word for the shell that git starts GIT_SSH_COMMAND with. */
function shellWord(text: string): string {
  return /^[\w/.,:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Why the upstream could not be used, for the client: from what git and ssh print, which may quote the upstream. */
export function upstreamProblem(stderr: string): string {
  const table: readonly (readonly [RegExp, string])[] = [
    [
      /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No .* host key is known/i,
      "its host key is not the one that is pinned; the operator has to check host_key",
    ],
    [
      /Permission denied|publickey|Authentication failed|could not read Username|returned error: 40[13]/i,
      "it does not accept the gate's credential; the operator has to check the key or token",
    ],
    [/Could not resolve/i, "its name cannot be resolved"],
    [
      /Connection refused|Failed to connect|Couldn't connect|Connection timed out|No route to host|Network is unreachable|Operation timed out/i,
      "it cannot be reached; try again later",
    ],
    [/certificate|SSL|TLS/i, "its certificate cannot be verified"],
    [/redirect|returned error: 30\d/i, "it redirects elsewhere, which is not followed"],
    [
      /not found|does not appear to be a git repository|does not exist|returned error: 404/i,
      "it has no such repository",
    ],
  ];
  return table.find(([pattern]) => pattern.test(stderr))?.[1] ??
    "the connection to it failed; try again later";
}
