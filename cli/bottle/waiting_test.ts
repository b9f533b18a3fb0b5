import { deepEqual, equal } from "node:assert/strict";
import { until } from "../../tests/cli/support.ts";
import { bottleLayout } from "./layout.ts";
import { titleOfWaiting, waitingProposals } from "./waiting.ts";

Deno.test("the title says what waits and which command shows it, for as long as it waits", async () => {
  const home = Deno.makeTempDirSync();
  try {
    const layout = bottleLayout(home, 0, "dev");
    const queue = `${layout.contract}/queue`;
    equal(waitingProposals(layout), 0);
    Deno.mkdirSync(queue, { recursive: true });
    const titles: string[] = [];
    using _title = titleOfWaiting({ setTitle: (title) => titles.push(title) }, layout, "box (dev)");
    Deno.writeTextFileSync(`${queue}/one.proposal.json`, "{}");
    await until(() => titles.length === 1);
    Deno.writeTextFileSync(`${queue}/one.response.json`, "{}");
    await until(() => titles.length === 2);
    deepEqual(titles, ["1 waits: bot-bottle supervise · box (dev)", "box (dev)"]);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});
