import { BubblewrapBackend } from "../../backends/bubblewrap/bubblewrap.ts";
import { CASES } from "./cases.ts";
import { temporaryHome } from "./subject.ts";

for (const one of CASES) {
  Deno.test(`bubblewrap ${one.name}`, async () => {
    await using folder = await temporaryHome();
    const backend = new BubblewrapBackend({ home: folder.home, operatorHome: "/home", grace: 500 });
    await one.run({ backend, home: folder.home });
  });
}
