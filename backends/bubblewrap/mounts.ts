import { BottleError, ExitCode } from "../../core/errors.ts";
import { CREDENTIAL_PATHS, credentialPlace } from "../../core/credential_places.ts";
import type { ReadOnlyMount } from "../backend.ts";
import type { Bind } from "./arguments.ts";

/** Folders of the bottle that a mount may not cover: they are walls, or the agent may write there. */
const PROTECTED = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/etc",
  "/proc",
  "/dev",
  "/sys",
  "/run",
  "/var",
];
/** The agent can swap a folder below these for a symbolic link, and bwrap before 0.12 follows it (CVE-2026-87766). */
const WRITABLE = ["/home", "/workspace", "/tmp", "/opt/bot-bottle"];

const HOST_ONLY = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/boot",
  "/root/.",
  "/var/run",
  "/var/lib/docker",
];

function refuse(mount: ReadOnlyMount, why: string): never {
  throw new BottleError(`Cannot mount "${mount.from}" at "${mount.to}": ${why}`, {
    code: "bad_mount",
    exit: ExitCode.manifest,
    hint: "mount a folder that holds no secrets, at a path such as /opt/NAME or /mnt/NAME",
  });
}

const isWithin = (path: string, folder: string) =>
  path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);

/** What a mount's source is, symbolic links resolved. */
export interface MountSource {
  readonly realPath: string;
  readonly kind: "file" | "folder" | "other";
}

/**
 * The bind of one of the manifest's mounts.
 *
 * @param hostHome the operator's home folder; it cannot be mounted, folders in it can unless their name is known for secrets.
 * @param stateHome bot-bottle's own folder: nothing in it can be mounted.
 * @throws BottleError `bad_mount`.
 */
export function mountBind(
  mount: ReadOnlyMount,
  source: MountSource,
  hostHome: string,
  stateHome: string,
): Bind {
  const { realPath, kind } = source;
  if (!/^\/[^\0]*$/.test(mount.to) || /(^|\/)\.{1,2}(\/|$)|\/\/|\/$/.test(mount.to)) {
    refuse(mount, "the target must be an absolute path without . and ..");
  }
  if (PROTECTED.some((folder) => isWithin(mount.to, folder) || isWithin(mount.to, `${folder}64`))) {
    refuse(mount, "the target is part of the bottle's walls");
  }
  if (WRITABLE.some((folder) => isWithin(mount.to, folder))) {
    refuse(mount, "the agent could replace the target's parent folder");
  }
  if (kind === "other") refuse(mount, "the source is neither a file nor a folder");
  if (realPath === "/" || isWithin(hostHome, realPath)) {
    refuse(mount, "the source holds the whole home folder");
  }
  const held = CREDENTIAL_PATHS.find((place) => isWithin(`${hostHome}/${place}`, realPath));
  if (held !== undefined) refuse(mount, `the source holds ${held}`);
  if (isWithin(realPath, stateHome) || isWithin(stateHome, realPath)) {
    refuse(mount, "the source holds bot-bottle's own state");
  }
  if (HOST_ONLY.some((folder) => isWithin(realPath, folder))) {
    refuse(mount, "the source belongs to the host alone");
  }
  const secret = credentialPlace(realPath);
  if (secret !== undefined) refuse(mount, `"${secret}" is a place for credentials`);
  return { from: realPath, to: mount.to, writable: false };
}
