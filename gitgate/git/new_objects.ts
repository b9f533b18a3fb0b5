import { GateFault } from "../gate_fault.ts";
import { ByteReader } from "../http/byte_reader.ts";
import type { RunningProgram } from "../process/program.ts";
import type { GateLimits } from "../repo_config.ts";
import { packIds } from "./pack_index.ts";
import type { Quarantine } from "./quarantine.ts";

/** Letters of all paths and ids together, which are held in memory: an average of some hundred for a million objects. */
const PATH_LETTERS = 128 * 1024 * 1024;

/** The kinds of objects. */
export type ObjectKind = "commit" | "tree" | "blob" | "tag";

/** An object that the upstream does not have. */
export interface NewObject {
  readonly id: string;
  readonly kind: ObjectKind;
  readonly size: number;
  /** Where it was seen first; for names only, since an object may be in many places. */
  readonly path: string;
}

/**
 * Everything that the new tips reach and no ref of the upstream does, whole: git fails when anything is missing.
 * Every object of the pack must be among them or be known already; one that no ref reaches is refused.
 *
 * @param tips object ids that refs are to point to.
 * @throws GateFault
 */
export async function newObjects(
  quarantine: Quarantine,
  tips: readonly string[],
  limits: GateLimits,
  bounds: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<NewObject[]> {
  const { git } = quarantine.mirror;
  const place = quarantine.place(limits.object_bytes);
  const input = new TextEncoder().encode(tips.map((tip) => `${tip}\n`).join(""));
  const paths = new Map<string, string>();
  {
    await using list = git.start(
      ["rev-list", "--objects", "--stdin", "--not", "--all"],
      place,
      bounds,
    );
    const fed = list.write(input).then(() => list.closeStdin());
    let letters = 0;
    for await (const line of lines(list, 41 + limits.path_bytes)) {
      paths.set(line.slice(0, 40), line.slice(41));
      if (paths.size > limits.objects) throw tooMany(limits);
      letters += line.length;
      if (letters > PATH_LETTERS) {
        throw new GateFault(
          "push_too_large",
          "the paths of the push's files are too long together",
        );
      }
    }
    await fed;
    const { code, stopped, stderr } = await list.ended;
    if (stopped === "timeout") throw new GateFault("timeout", "looking at the push took too long");
    if (code !== 0) {
      throw new GateFault(
        "incomplete_history",
        "the push refers to objects that neither it nor the upstream has; fetch (--unshallow) first",
        stderr,
      );
    }
  }
  await refuseUnreachable(quarantine, paths, bounds);
  const objects: NewObject[] = [];
  let total = 0;
  for await (
    const { id, kind, size } of described(quarantine, [...paths.keys()], limits, bounds)
  ) {
    if (size > limits.object_bytes) {
      throw new GateFault(
        "object_too_large",
        `an object has ${size} bytes; at most ${limits.object_bytes} are looked at`,
      );
    }
    total += size;
    if (total > limits.unpacked_bytes) {
      throw new GateFault(
        "push_too_large",
        `the push unpacks to more than ${limits.unpacked_bytes} bytes`,
      );
    }
    objects.push({ id, kind, size, path: paths.get(id) ?? "" });
  }
  if (objects.length !== paths.size) throw new Error("git cat-file left objects out");
  return objects;
}

function tooMany(limits: GateLimits): GateFault {
  return new GateFault(
    "too_many_objects",
    `the push has more than ${limits.objects} objects, the most that are taken at once`,
  );
}

/** Objects that nothing refers to have no place in a push (GHSA-qr93-8wwf-22g4). */
async function refuseUnreachable(
  quarantine: Quarantine,
  reached: ReadonlyMap<string, string>,
  bounds: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<void> {
  const { git, place } = quarantine.mirror;
  const unreached: string[] = [];
  for (const pack of quarantine.packs()) {
    for (const id of packIds(await Deno.readFile(`${pack}.idx`))) {
      if (!reached.has(id)) unreached.push(id);
    }
  }
  if (unreached.length === 0) return;
  // A pack may repeat what the upstream has: the base of a difference, for one.
  const input = new TextEncoder().encode(unreached.map((id) => `${id}\n`).join(""));
  const known = await git.text(["cat-file", "--batch-check=%(objecttype)"], place, {
    ...bounds,
    stdin: input,
    most: 64 * 1024 * 1024,
  });
  const missing = known.split("\n").filter((line) => line.endsWith(" missing")).length;
  if (missing === 0) return;
  throw new GateFault(
    "unreachable_objects",
    `the push carries ${missing} object${missing === 1 ? "" : "s"} that no pushed ref reaches`,
  );
}

async function* described(
  quarantine: Quarantine,
  ids: readonly string[],
  limits: GateLimits,
  bounds: { readonly timeout: number; readonly signal: AbortSignal },
): AsyncGenerator<{ id: string; kind: ObjectKind; size: number }> {
  const { git } = quarantine.mirror;
  await using check = git.start(
    ["cat-file", "--batch-check", "--buffer"],
    quarantine.place(limits.object_bytes),
    bounds,
  );
  const fed = feedIds(check, ids);
  for await (const line of lines(check)) {
    const found = /^([0-9a-f]{40}) (commit|tree|blob|tag) (\d+)$/.exec(line);
    if (found === null) throw new Error("git cat-file does not know an object it listed");
    yield { id: found[1]!, kind: found[2] as ObjectKind, size: Number(found[3]) };
  }
  await fed;
  const { code, stderr } = await check.ended;
  if (code !== 0) throw new Error(`git cat-file failed: ${stderr}`);
}

/** Writes ids, one a line, in pieces of a moderate size. */
export async function feedIds(program: RunningProgram, ids: readonly string[]): Promise<void> {
  const encoder = new TextEncoder();
  for (let at = 0; at < ids.length; at += 1000) {
    const part = ids.slice(at, at + 1000).map((id) => `${id}\n`).join("");
    if (!await program.write(encoder.encode(part))) break;
  }
  await program.closeStdin();
}

async function* lines(
  { stdout }: RunningProgram,
  longest = Infinity,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stdout) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop()!;
    if (rest.length > longest || parts.some(({ length }) => length > longest)) {
      throw new GateFault("path_too_long", `a path has more than ${longest - 41} bytes`);
    }
    yield* parts;
  }
}

/** The objects' bytes, in the order of `objects`; each must be read to its end before the next. */
export async function* contents(
  quarantine: Quarantine,
  objects: readonly NewObject[],
  bounds: { readonly timeout: number; readonly signal: AbortSignal },
): AsyncGenerator<{ object: NewObject; bytes: ByteReader }> {
  const { git } = quarantine.mirror;
  await using batch = git.start(["cat-file", "--batch", "--buffer"], quarantine.place(), bounds);
  const fed = feedIds(batch, objects.map(({ id }) => id));
  const reader = batch.stdout.getReader();
  try {
    const whole = new ByteReader(async () => {
      const { value, done } = await reader.read();
      return done ? null : value;
    });
    for (const object of objects) {
      const header = new TextDecoder().decode(await whole.until(NEWLINE, 200));
      if (header !== `${object.id} ${object.kind} ${object.size}`) {
        throw new Error("git cat-file answered something else than was asked");
      }
      let left = object.size;
      yield {
        object,
        bytes: new ByteReader(async () => {
          if (left === 0) return null;
          const part = await whole.some(left);
          if (part === null) throw new Error("git cat-file ended in the middle of an object");
          left -= part.length;
          return part;
        }),
      };
      if (left !== 0) throw new Error("An object was not read to its end");
      await whole.until(NEWLINE, 0);
    }
    await fed;
  } finally {
    await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}

const NEWLINE = new Uint8Array([10]);
