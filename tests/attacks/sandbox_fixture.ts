import { networkInterfaces } from "node:os";
import { BubblewrapBackend } from "../../backends/bubblewrap/bubblewrap.ts";
import type { BottlePlan } from "../../backends/backend.ts";
import { openTestBottle, temporaryHome, type TestBottle } from "../conformance/subject.ts";

/** A test with a bottle on bubblewrap around it. */
export function bubblewrapTest(
  name: string,
  body: (test: TestBottle, home: string) => Promise<void>,
  overrides: Partial<BottlePlan> = {},
): void {
  Deno.test(name, async () => {
    await using folder = await temporaryHome();
    const backend = new BubblewrapBackend({ home: folder.home, operatorHome: "/home", grace: 500 });
    await using test = await openTestBottle({ backend, home: folder.home }, overrides);
    await body(test, folder.home);
  });
}

/** This machine's addresses besides loopback, without zones. */
export function hostAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
    .filter(({ internal }) => !internal).map(({ address }) => address.split("%")[0]!);
}
