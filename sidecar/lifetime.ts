/** Why a sidecar ends. */
export type EndReason = "stdin closed" | "told to stop";

/**
 * Resolves when the sidecar has to end: end of file on stdin (the host is gone, however it went), or SIGTERM or
 * SIGINT.
 */
export function untilTold(followStdin: boolean): Promise<EndReason> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => resolve("told to stop"));
    }
    if (followStdin) void untilEndOfStdin().then(() => resolve("stdin closed"));
  });
}

async function untilEndOfStdin(): Promise<void> {
  const bytes = new Uint8Array(256);
  try {
    while (await Deno.stdin.read(bytes) !== null);
  } catch { /* a broken pipe is an end as well */ }
}
