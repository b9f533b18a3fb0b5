import { resolve } from "node:path/posix";
import { BottleError, ExitCode, messageOf } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import type { CredentialSources } from "../../providers/provider.ts";
import type { Host } from "../context.ts";

/** Bytes of a login; one that is larger is none. */
const MOST_BYTES = 1 << 20;

/**
 * Where providers look for credentials on this host.
 *
 * @param userHome the operator's home folder, absolute.
 */
export function credentialSources(
  host: Pick<Host, "env" | "clock">,
  userHome: string,
): CredentialSources {
  return {
    variable: host.env,
    file: (path) => readLogin(resolve(userHome, path)),
    now: host.clock.now(),
  };
}

/** Looks before it opens: a pipe would wait for somebody to write. */
function readLogin(path: string): string | undefined {
  let bytes: Uint8Array | undefined;
  try {
    const { isFile, size } = Deno.statSync(path);
    if (!isFile) throw unusable(path, "it is no file");
    if (size > MOST_BYTES) throw unusable(path, "it is too large for a login");
    bytes = readSome(path);
  } catch (error) {
    if (error instanceof BottleError) throw error;
    if (error instanceof Deno.errors.NotFound) return undefined;
    const reason = error instanceof Deno.errors.NotCapable
      ? "bot-bottle itself may not read there"
      : messageOf(error);
    throw unusable(path, reason);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unusable(path, "it is no text");
  }
}

function readSome(path: string): Uint8Array {
  using file = Deno.openSync(path);
  const buffer = new Uint8Array(MOST_BYTES);
  let length = 0;
  for (let read: number | null = 0; read !== null && length < buffer.length; length += read ?? 0) {
    read = file.readSync(buffer.subarray(length));
  }
  return buffer.subarray(0, length);
}

function unusable(path: string, reason: string): BottleError {
  return new BottleError(`Cannot read the login in ${printable(path)}: ${printable(reason)}`, {
    code: "provider_credential",
    exit: ExitCode.manifest,
    hint: "see who owns it and what it is, or use auth_token with a host variable",
  });
}
