/**
 * Folders and files, below any home, that hold credentials or speak for the operator. Everything that keeps host
 * files out of a bottle reads this list: the rule for mounts, the backend, what `--cwd` leaves out, and, by a test, the launcher.
 */
export const CREDENTIAL_NAMES: readonly string[] = [
  ".ssh",
  ".aws",
  ".azure",
  ".gnupg",
  ".kube",
  ".docker",
  ".password-store",
  ".netrc",
  ".git-credentials",
  ".npmrc",
  ".pypirc",
  ".pgpass",
  ".my.cnf",
  ".s3cfg",
  ".boto",
  ".vault-token",
  ".terraform.d",
  ".claude",
  ".claude.json",
  ".codex",
  ".pi",
  ".gemini",
  ".cursor",
  ".mozilla",
  ".thunderbird",
  ".bot-bottle",
];

/** The same, by more than one name. */
export const CREDENTIAL_PATHS: readonly string[] = [
  ".config/gcloud",
  ".config/gh",
  ".config/glab-cli",
  ".config/git",
  ".config/op",
  ".config/containers",
  ".config/rclone",
  ".config/github-copilot",
  ".config/chromium",
  ".config/google-chrome",
  ".config/systemd",
  ".local/share/keyrings",
  ".local/share/opencode",
  ".cargo/credentials.toml",
];

/** Of the names above: what a project keeps in a folder or file of the same name is its own configuration. */
const OF_PROJECTS: readonly string[] = [
  ".docker",
  ".npmrc",
  ".terraform.d",
  ".claude",
  ".codex",
  ".pi",
  ".gemini",
  ".cursor",
  ".bot-bottle",
  ".config/git",
  ".config/systemd",
];

/** What is a credential in those too. */
const LOGINS: readonly string[] = [
  ".docker/config.json",
  ".terraform.d/credentials.tfrc.json",
  ".claude/.credentials.json",
  ".codex/auth.json",
  ".pi/agent/auth.json",
  ".gemini/oauth_creds.json",
  ".config/git/credentials",
];

const IN_PROJECTS = [...CREDENTIAL_NAMES, ...CREDENTIAL_PATHS, ...LOGINS]
  .filter((place) => !OF_PROJECTS.includes(place));

/** The place of credentials that an absolute path is, or is in; undefined for none. Letter case does not matter. */
export function credentialPlace(path: string): string | undefined {
  return placeIn(path, [...CREDENTIAL_NAMES, ...CREDENTIAL_PATHS]);
}

/** The same for a path that may be in a project, where agents and package managers have configuration too. */
export function projectCredentialPlace(path: string): string | undefined {
  return placeIn(path, IN_PROJECTS);
}

/** Whether a `.npmrc` holds a credential itself (npmrc(5)); one that names a variable does not. */
export function holdsNpmCredential(text: string): boolean {
  return /^[^#;\n]*(?::|^\s*)_(?:auth|authToken|password)\s*=\s*["']?(?!["'\s]|\$\{[^}]*\}["']?\s*$)\S/im
    .test(text);
}

function placeIn(path: string, places: readonly string[]): string | undefined {
  const whole = `${path.toLowerCase()}/`;
  return places.find((place) => whole.includes(`/${place}/`));
}
