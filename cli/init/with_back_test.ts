import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { WentBack } from "../ui/went_back.ts";
import type { Questions } from "./questions_on.ts";
import { withBack } from "./with_back.ts";

const BACK = Symbol("Escape");

/** Somebody who gives these answers one after the other; every question is noted with what it begins with. */
function somebody(...answers: unknown[]): { operator: Questions; asked: string[] } {
  const asked: string[] = [];
  // deno-lint-ignore require-await
  const next = async (title: string, begins: unknown): Promise<never> => {
    asked.push(begins === undefined ? title : `${title} (${begins})`);
    ok(answers.length > 0, `nobody expected: ${title}`);
    const answer = answers.shift();
    if (answer === BACK) throw new WentBack("left");
    return answer as never;
  };
  return {
    asked,
    operator: {
      pickOne: ({ title, selected }) => next(title, selected),
      pickOrdered: ({ title, chosen }) => next(title, chosen.length === 0 ? undefined : chosen),
      askText: ({ title, initial }) => next(title, initial),
      askYes: ({ title }) => next(title, undefined),
    },
  };
}

async function run(ask: Questions): Promise<string> {
  const name = await ask.askText({ title: "name" });
  const kind = await ask.pickOne({ title: "kind", choices: [] });
  // Which questions there are depends on the answers.
  const parents = kind === "new"
    ? await ask.pickOrdered({ title: "parents", choices: [], chosen: [] })
    : [];
  if (name === "bad" && await ask.askYes({ title: "back?" })) throw new WentBack("left");
  const sure = await ask.askYes({ title: "sure?" });
  return [name, kind, ...parents, sure].join(" ");
}

Deno.test("withBack() asks each question once when nobody goes back", async () => {
  const { operator, asked } = somebody("a", "new", ["p"], true);
  equal(await withBack(operator, run), "a new p true");
  deepEqual(asked, ["name", "kind", "parents", "sure?"]);
});

Deno.test("Escape leads to the question before, which begins with its answer, as often as wanted", async () => {
  const { operator, asked } = somebody("a", "new", ["p"], BACK, BACK, BACK, "b", "old", true);
  equal(await withBack(operator, run), "b old true");
  deepEqual(asked, [
    ...["name", "kind", "parents", "sure?"],
    ...["parents (p)", "kind (new)", "name (a)", "kind", "sure?"],
  ]);
});

Deno.test("Escape at the first question leads out, also after going back to it", async () => {
  await rejects(withBack(somebody(BACK).operator, run), WentBack);
  await rejects(withBack(somebody("a", BACK, BACK).operator, run), WentBack);
});

Deno.test("an answer that leads back is not asked for again", async () => {
  const { operator, asked } = somebody(
    "bad",
    "old",
    true,
    "new",
    ["p"],
    BACK,
    BACK,
    BACK,
    "a",
    "old",
    true,
  );
  equal(await withBack(operator, run), "a old true");
  deepEqual(asked, [
    ...["name", "kind", "back?", "kind (old)", "parents", "back?"],
    ...["parents (p)", "kind (new)", "name (bad)", "kind", "sure?"],
  ]);
});

Deno.test("withBack() lets every other error through", async () => {
  const { operator } = somebody("a", "old");
  await rejects(withBack(operator, run), /nobody expected: sure\?/);
});
