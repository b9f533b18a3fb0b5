import { isAbsolute, normalize } from "node:path/posix";
import { CREDENTIAL_PATHS, credentialPlace } from "../core/credential_places.ts";
import { expandHome, isWithin, type ManifestPlaces } from "./places.ts";

/** Where the host keeps sockets, devices and its own state. */
const HOST_PLACES = [
  "/run",
  "/var/run",
  "/proc",
  "/sys",
  "/dev",
  "/root",
  "/boot",
  "/var/lib/docker",
];
const HOMES: readonly string[] = ["/home", "/Users"];
const HOST_SECRETS = [
  "/etc/shadow",
  "/etc/gshadow",
  "/etc/sudoers",
  "/etc/ssh",
  "/etc/ssl/private",
];

/** What the bottle brings itself, or what its agent can write: nothing of the host is put over or into it. */
const BOTTLE_PLACES = [
  "/bin",
  "/dev",
  "/etc",
  "/home",
  "/lib",
  "/lib32",
  "/lib64",
  "/opt/agent",
  "/proc",
  "/root",
  "/run",
  "/sbin",
  "/sys",
  "/tmp",
  "/usr",
  "/var",
  "/workspace",
];

/**
 * Why the host path `from` must not be seen in a bottle; undefined when it may. `.`, `..` and `~` are
 * resolved first; links are not: ask again with the real path before mounting.
 */
export function mountSourceProblem(from: string, places: ManifestPlaces): string | undefined {
  const path = expandHome(from, places.userHome);
  if (!isAbsolute(path)) return "must be an absolute path";
  if (path === "/") return "/ is the whole host";
  if (isWithin(places.userHome, path)) return `${path} holds your home folder`;
  if (HOMES.includes(path)) return `${path} holds home folders`;
  for (const place of [places.home, ...HOST_PLACES, ...HOST_SECRETS]) {
    // The operator may be root.
    if (place === "/root" && isWithin(places.userHome, place)) continue;
    if (isWithin(path, place)) return `${path} is part of ${place}`;
    if (isWithin(place, path)) return `${path} holds ${place}`;
  }
  const credentials = credentialPlace(path);
  if (credentials !== undefined) return `${credentials} holds credentials`;
  const held = CREDENTIAL_PATHS.find((place) => isWithin(`${places.userHome}/${place}`, path));
  if (held !== undefined) return `${path} holds ${held}`;
  if (path.split("/").some((step) => /\.sock(et)?$/i.test(step))) {
    return "a socket is a way out of the bottle";
  }
  return undefined;
}

/** The one spelling of a place in a bottle: `.`, `..` and doubled or final slashes resolved. */
export function mountTarget(to: string): string {
  return normalize(to).replace(/(?<=.)\/$/, "");
}

/** Why nothing can be mounted at `to` in a bottle; undefined when it can. */
export function mountTargetProblem(to: string): string | undefined {
  if (!isAbsolute(to)) return "must be an absolute path in the bottle";
  const path = mountTarget(to);
  if (path === "/") return "/ is the whole bottle";
  for (const place of BOTTLE_PLACES) {
    if (isWithin(path, place) || isWithin(place, path)) {
      return `${place} belongs to the bottle; use a folder such as /opt/data or /mnt/data`;
    }
  }
  return undefined;
}
