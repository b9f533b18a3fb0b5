import { BottlePath } from "../bottle_paths.ts";

/** Where Debian, Alpine, Fedora and SUSE keep their bundle of trust roots; in a bottle each holds the bottle's CA alone. */
export const CA_BUNDLE_PATHS: readonly string[] = [
  BottlePath.caBundle,
  "/etc/ssl/cert.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/tls/cert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/** What programs need of the host's /etc; each is shown read-only when it is there. */
export const HOST_ETC: readonly string[] = [
  "alternatives",
  "crypto-policies",
  "debian_version",
  "fonts",
  "inputrc",
  "ld-musl-x86_64.path",
  "ld-musl-aarch64.path",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "lsb-release",
  "magic",
  "mime.types",
  "os-release",
  "perl",
  "protocols",
  "services",
  "ssl/openssl.cnf",
  "terminfo",
  "timezone",
];

/** Whether a name in the host's /etc is a Java runtime's configuration, which Debian keeps there. */
export function isJavaConfiguration(name: string): boolean {
  return /^java(-[a-z0-9.-]+)?$/.test(name);
}

/** The files of a bottle's /etc, by their absolute path; nothing in them comes from the host. */
export function etcFiles(
  slug: string,
  caPem: string,
  gitConfig = "",
): Record<string, string> {
  return {
    "/etc/passwd": `agent:x:1000:1000:agent:${BottlePath.home}:/bin/sh\n`,
    "/etc/group": "agent:x:1000:\n",
    "/etc/shells": "/bin/sh\n/bin/bash\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/hosts": `127.0.0.1 localhost ${slug} git-gate supervise\n::1 localhost\n`,
    "/etc/hostname": `${slug}\n`,
    "/etc/resolv.conf": "",
    "/etc/profile": "",
    "/etc/bash.bashrc": `[ -z "$PS1" ] || PS1='${slug}:\\w\\$ '\n`,
    "/etc/gitconfig": `[http]\n\tsslCAInfo = ${BottlePath.caBundle}\n` +
      "[credential]\n\thelper =\n[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n" +
      gitConfig,
    ...Object.fromEntries(CA_BUNDLE_PATHS.map((path) => [path, caPem])),
  };
}
