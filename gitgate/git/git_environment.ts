/** A configuration key of git with its value. */
export type GitSetting = readonly [key: string, value: string];

/** Settings that hold for every git the gate runs, whatever a repository says. */
const ALWAYS: readonly GitSetting[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.logAllRefUpdates", "false"],
  ["credential.helper", ""],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["http.followRedirects", "false"],
  ["http.lowSpeedLimit", "1"],
  ["http.lowSpeedTime", "60"],
  ["protocol.version", "2"],
  ["push.recurseSubmodules", "no"],
  ["push.gpgSign", "false"],
  ["submodule.recurse", "false"],
  ["fetch.recurseSubmodules", "false"],
  ["uploadpack.allowFilter", "true"],
  // A mirror belongs to the gate; who owns its folder is the host's business.
  ["safe.directory", "*"],
];

/**
 * The whole environment of a git that the gate runs: no file of the system's or the user's, no prompt, no helper.
 * Settings travel here and not as arguments, which every process of the machine can read.
 *
 * @param home a folder of the gate's own.
 */
export function gitEnvironment(
  home: string,
  settings: readonly GitSetting[] = [],
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const all = [...ALWAYS, ...settings];
  const env: Record<string, string> = {
    HOME: home,
    XDG_CONFIG_HOME: home,
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LC_ALL: "C",
    TZ: "UTC",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "none",
    GIT_PROTOCOL_FROM_USER: "0",
    GIT_ADVICE: "0",
    ...more,
    GIT_CONFIG_COUNT: String(all.length),
  };
  all.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return env;
}
