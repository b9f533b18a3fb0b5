/**
 * Calls `listener` for each of the named signals until disposal. While it stands, the signals do not end the process.
 */
export function onSignals(
  names: readonly Deno.Signal[],
  listener: (name: Deno.Signal) => void,
): Disposable {
  const added = names.map((name) => {
    const call = () => listener(name);
    Deno.addSignalListener(name, call);
    return { name, call };
  });
  return {
    [Symbol.dispose]() {
      for (const { name, call } of added) Deno.removeSignalListener(name, call);
    },
  };
}

const NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** The exit code that a shell reports for a process that a signal ended. */
export function exitCodeOfSignal(name: string): number {
  return 128 + (NUMBERS[name] ?? 15);
}
