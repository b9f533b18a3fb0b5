import { deepEqual, equal } from "node:assert/strict";
import { until } from "../../tests/cli/support.ts";
import { deskBottle } from "../../supervise/bottle_desk.ts";
import { countWaiting } from "../../supervise/waiting_ids.ts";
import { titleOfWaiting } from "./waiting.ts";

Deno.test("the title says what waits and which command shows it, for as long as it waits", async () => {
  const home = Deno.makeTempDirSync();
  try {
    const bottle = deskBottle(home, "dev");
    const queue = `${bottle.contract}/queue`;
    equal(countWaiting(bottle), 0);
    Deno.mkdirSync(queue, { recursive: true });
    const titles: string[] = [];
    let title = "box (dev)";
    using _title = titleOfWaiting(
      { setTitle: (title) => titles.push(title) },
      bottle,
      () => title,
    );
    Deno.writeTextFileSync(`${queue}/abcde-12345.proposal.json`, "{}");
    await until(() => titles.length === 1);
    Deno.writeTextFileSync(`${queue}/abcde-12345.response.json`, "{}");
    await until(() => titles.length === 2);
    title = "lost · box (dev)";
    await until(() => titles.length === 3);
    deepEqual(titles, ["1 waits: bot-bottle supervise · box (dev)", "box (dev)", title]);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});
