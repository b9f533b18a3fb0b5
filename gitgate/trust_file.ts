import tls from "node:tls";
import { replaceFile } from "../sys/atomic_file.ts";

/** Writes the trust roots that the proxy has, and further ones, as one file, as git wants them. */
export function writeTrustFile(path: string, roots: string): string {
  const known = [...tls.getCACertificates("default"), ...tls.getCACertificates("system")];
  replaceFile(path, `${[...new Set(known), roots].join("\n")}\n`, 0o600);
  return path;
}
