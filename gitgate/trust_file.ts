import { replaceFile } from "../sys/atomic_file.ts";

/** Where systems keep their trust roots as one file. */
const SYSTEM = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/** Writes the system's trust roots and further ones as one file, as git wants them. */
export function writeTrustFile(path: string, roots: string): string {
  let system = "";
  for (const file of SYSTEM) {
    try {
      system = Deno.readTextFileSync(file);
      break;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  replaceFile(path, `${system}\n${roots}\n`, 0o600);
  return path;
}
