import { BottleError, ExitCode } from "../core/errors.ts";
import type { BottlePlan } from "./backend.ts";
import { BottlePath, PROXY_URL } from "./bottle_paths.ts";

/** What programs get unless the manifest says otherwise. */
const DEFAULTS: Readonly<Record<string, string>> = {
  PATH:
    "/home/agent/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin:/opt/agent/bin",
  SHELL: "/bin/sh",
  LANG: "C.UTF-8",
  TERM: "xterm-256color",
  COLORTERM: "truecolor",
  GIT_TERMINAL_PROMPT: "0", // a refused fetch ends with its reason instead of asking for a password
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  npm_config_update_notifier: "false",
  npm_config_fund: "false",
  npm_config_audit: "false",
  GOFLAGS: "-modcacherw", // so that a bottle's home can be removed without chmod
  GOTOOLCHAIN: "local",
  GOTELEMETRY: "off",
  DENO_NO_UPDATE_CHECK: "1",
};

/** Every variable that a client reads the trust roots from. */
const CA_FILE_VARIABLES = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  "CARGO_HTTP_CAINFO",
  "AWS_CA_BUNDLE",
  "DENO_CERT",
  "CODEX_CA_CERTIFICATE",
  "BUNDLE_SSL_CA_CERT",
  "HTTPLIB2_CA_CERTS",
  "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
  "NIX_SSL_CERT_FILE",
  "COMPOSER_CAFILE",
  "YARN_HTTPS_CA_FILE_PATH",
  "npm_config_cafile",
];

/** Every variable that a client reads the proxy from. */
const PROXY_VARIABLES = [
  "HTTP_PROXY",
  "http_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "ALL_PROXY",
  "all_proxy",
  "WSS_PROXY",
  "wss_proxy",
  "YARN_HTTP_PROXY",
  "YARN_HTTPS_PROXY",
];

// The bottle's own names for the sidecar's other services are on its loopback too.
const NO_PROXY = "localhost,127.0.0.1,::1,git-gate,supervise";

/**
 * The whole environment of a bottle's programs: nothing of the host's is inherited.
 *
 * The manifest's `env` wins over the defaults; the way out (proxy, trust root, home) wins over the manifest,
 * because a program that looks elsewhere finds no network. `NODE_OPTIONS` are joined: Node before 22.21 and
 * 24.5 ignores proxy variables, so a preloaded script sends its connections to the proxy.
 *
 * @throws BottleError `bad_environment` for a name that a shell cannot export, or a value with a NUL.
 */
export function bottleEnvironment(plan: Pick<BottlePlan, "env" | "slug">): Record<string, string> {
  const preload = `--require ${BottlePath.nodeProxy}`;
  const environment: Record<string, string> = {
    ...DEFAULTS,
    ...plan.env,
    HOME: BottlePath.home,
    USER: "agent",
    LOGNAME: "agent",
    BOT_BOTTLE: plan.slug,
    NODE_OPTIONS: plan.env.NODE_OPTIONS ? `${preload} ${plan.env.NODE_OPTIONS}` : preload,
    NODE_USE_ENV_PROXY: "1",
    NO_PROXY,
    no_proxy: NO_PROXY,
    SSL_CERT_DIR: "/etc/ssl/certs",
  };
  for (const name of PROXY_VARIABLES) environment[name] = PROXY_URL;
  for (const name of CA_FILE_VARIABLES) environment[name] = BottlePath.caBundle;
  for (const [name, value] of Object.entries(environment)) refuseOddVariable(name, value);
  return environment;
}

function refuseOddVariable(name: string, value: string): void {
  const problem = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? "the name must be letters, digits and underscores"
    : value.includes("\0")
    ? "the value holds a NUL"
    : undefined;
  if (problem === undefined) return;
  throw new BottleError(`Cannot set environment variable ${JSON.stringify(name)}: ${problem}`, {
    code: "bad_environment",
    exit: ExitCode.cannotStart,
    hint: "rename it in the manifest's env, or in the --env flag",
  });
}

/** A shell script that exports exactly these variables, for a shell that reads it from a pipe: no value is ever on argv. */
export function exportScript(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`).join("");
}
