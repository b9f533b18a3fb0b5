/**
 * A host process of its own for tests: opens one bottle, runs one command in it with its own descriptors, and
 * ends with the command's code. Arguments: home folder, slug, then the command.
 */
import { BubblewrapBackend } from "../../backends/bubblewrap/bubblewrap.ts";
import { openTestBottle } from "./subject.ts";

const [home, slug, ...argv] = Deno.args as [string, string, ...string[]];
const backend = new BubblewrapBackend({
  home,
  operatorHome: "/home",
  grace: 500,
  ...(Deno.env.get("BOTTLE_TEST_SHELL") === undefined
    ? {}
    : { shell: Deno.env.get("BOTTLE_TEST_SHELL")! }),
});
const test = await openTestBottle({ backend, home }, { slug });
const result = await test.bottle.attach(argv, { inherit: true });
if (result.reason !== undefined) {
  await Deno.stderr.write(new TextEncoder().encode(`${result.reason}\n`));
}
await test[Symbol.asyncDispose]();
Deno.exit(result.code);
