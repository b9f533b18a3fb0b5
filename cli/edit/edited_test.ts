import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { BottleError } from "../../core/errors.ts";
import { Draft, forgetDraft, keptDraft } from "./draft.ts";
import { edited, type EditEnd } from "./edited.ts";

/** A folder of drafts, an editor that writes one text after the other, and somebody who answers in turn. */
class Scene implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "bb-" });
  readonly draft = Draft.of(this.folder, "agent-dev", "before");
  readonly asked: string[] = [];
  onDisk: string | undefined = "before";

  run(texts: (string | Uint8Array)[], answers: (string | boolean)[]): Promise<EditEnd> {
    const next = <Answer extends string | boolean>(title: string): Promise<Answer> => {
      this.asked.push(title);
      ok(answers.length > 0, `nobody expected: ${title}`);
      return Promise.resolve(answers.shift() as Answer);
    };
    return edited("before", this.draft, {
      ask: {
        askYes: ({ title, lines }) => next([title, ...lines ?? []].join("|")),
        pickOne: ({ title }) => next(title),
      },
      editor: (path) => {
        const text = texts.shift() ?? "";
        Deno.writeFileSync(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
        return Promise.resolve(0);
      },
      judge: (text) => {
        if (!text.includes("bad")) return Promise.resolve();
        throw new BottleError(`dev.md:1:1: ${text}\n  1 | ${text}`, { code: "x", hint: "mend it" });
      },
      onDisk: () => Promise.resolve(this.onDisk),
    });
  }

  names(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

Deno.test("edited() gives the new text of a draft that a start would take, without a question", async () => {
  using at = new Scene();
  deepEqual(await at.run(["after"], []), { kind: "changed", text: "after" });
});

Deno.test("edited() judges nothing and asks nothing when nothing changed, even of what is bad", async () => {
  using at = new Scene();
  deepEqual(await at.run(["before"], []), { kind: "unchanged" });
});

Deno.test("edited() shows what is wrong and lets it be mended, again and again", async () => {
  using at = new Scene();
  const end = await at.run(["bad 1", "bad 2", "good"], [true, true]);
  deepEqual(end, { kind: "changed", text: "good" });
  deepEqual(at.asked, [
    "Edit it again?|dev.md:1:1: bad 1|  1 | bad 1||hint: mend it",
    "Edit it again?|dev.md:1:1: bad 2|  1 | bad 2||hint: mend it",
  ]);
});

Deno.test("edited() ends with a draft that is kept, or dropped", async () => {
  using at = new Scene();
  deepEqual(await at.run(["bad"], [false, "keep the draft"]), { kind: "kept" });
  deepEqual(await at.run(["bad"], [false, "drop the draft"]), { kind: "dropped" });
});

Deno.test("edited() asks before it replaces a file that was changed or removed meanwhile", async () => {
  using at = new Scene();
  at.onDisk = "somebody else's";
  deepEqual(await at.run(["after"], ["drop the draft"]), { kind: "dropped" });
  deepEqual(await at.run(["after"], ["replace the file"]), { kind: "changed", text: "after" });
  deepEqual(await at.run(["one", "two"], ["edit again", "keep the draft"]), { kind: "kept" });
  at.onDisk = undefined;
  deepEqual(await at.run(["after"], ["replace the file"]), { kind: "changed", text: "after" });
  ok(at.asked[0]?.includes("changed while") && at.asked.at(-1)?.includes("removed while"));
});

Deno.test("edited() is done when somebody else made the same change", async () => {
  using at = new Scene();
  at.onDisk = "after";
  deepEqual(await at.run(["after"], []), { kind: "unchanged" });
});

Deno.test("edited() takes no draft that is no text, or too large", async () => {
  using at = new Scene();
  await at.run([new Uint8Array([0xff])], [false, "drop the draft"]);
  await at.run(["x".repeat((4 << 20) + 1)], [false, "drop the draft"]);
  deepEqual(at.asked.map((title) => /utf-?8|encod|larger/i.test(title)), [
    true,
    false,
    true,
    false,
  ]);
});

Deno.test("edited() says so when the editor fails", async () => {
  using at = new Scene();
  const editing = {
    ask: undefined as never,
    judge: undefined as never,
    onDisk: undefined as never,
  };
  await rejects(
    edited("before", at.draft, { ...editing, editor: () => Promise.resolve(3) }),
    /The editor ended with code 3/,
  );
});

Deno.test("a draft that is kept is there the next time, and one that is dropped leaves nothing", () => {
  using at = new Scene();
  Deno.writeTextFileSync(at.draft.path, "half");
  Deno.writeTextFileSync(`${at.draft.path}~`, "before");
  equal(at.draft.differs("before"), true);
  equal(at.draft.keep(), `${at.folder}/agent-dev.md`);
  deepEqual(at.names(), ["agent-dev.md"]);
  equal(keptDraft(at.folder, "agent-dev")?.text, "half");
  equal(keptDraft(at.folder, "bottle-dev"), undefined);
  forgetDraft(at.folder, "agent-dev");
  const other = Draft.of(at.folder, "agent-dev", "x");
  equal((Deno.statSync(other.path).mode ?? 0) & 0o777, 0o600);
  other.drop();
  deepEqual(at.names(), []);
});
