import { join } from "node:path/posix";
import { GateFault } from "../gate_fault.ts";
import type { ByteReader } from "../http/byte_reader.ts";
import { lastLine, ProgramFault } from "../process/program.ts";
import type { GateLimits, GateTimeouts } from "../repo_config.ts";
import type { GitPlace } from "./git_runner.ts";
import type { Mirror } from "./mirror.ts";

/** The objects of one push, apart from the mirror until the upstream has them; disposal removes them. */
export class Quarantine implements Disposable {
  readonly path: string;
  readonly mirror: Mirror;

  constructor(folder: string, mirror: Mirror) {
    this.mirror = mirror;
    this.path = join(folder, crypto.randomUUID());
    Deno.mkdirSync(join(this.path, "objects", "pack"), { recursive: true, mode: 0o700 });
  }

  /** For a git that sees the mirror and these objects. */
  place(objectBytes?: number): GitPlace {
    return {
      gitDir: this.mirror.path,
      env: {
        GIT_OBJECT_DIRECTORY: join(this.path, "objects"),
        GIT_ALTERNATE_OBJECT_DIRECTORIES: join(this.mirror.path, "objects"),
        GIT_QUARANTINE_PATH: join(this.path, "objects"),
        ...(objectBytes === undefined ? {} : { GIT_ALLOC_LIMIT: String(objectBytes) }),
      },
    };
  }

  /**
   * Takes the pack that is left in `body`, checked by git as it comes (`index-pack --strict`).
   *
   * @throws GateFault when it is too large, has too many objects, or git does not take it.
   */
  async receive(
    body: ByteReader,
    limits: GateLimits,
    timeouts: GateTimeouts,
    signal: AbortSignal,
  ): Promise<void> {
    const header = await body.exactly(12);
    const view = new DataView(header.buffer, header.byteOffset, header.length);
    if (
      new TextDecoder("latin1").decode(header.subarray(0, 4)) !== "PACK" || view.getUint32(4) !== 2
    ) {
      throw new GateFault("bad_pack", "what follows the commands is not a pack");
    }
    const count = view.getUint32(8);
    if (count > limits.objects) {
      throw new GateFault(
        "too_many_objects",
        `the push has ${count} objects; at most ${limits.objects} are taken at once`,
      );
    }
    await using index = this.mirror.git.start(
      [
        "index-pack",
        "--stdin",
        "--fix-thin",
        "--strict",
        `--max-input-size=${limits.pack_bytes}`,
      ],
      this.place(limits.object_bytes),
      { timeout: timeouts.scan, signal },
    );
    const drained = drainedText(index.stdout);
    let size = header.length;
    let taken = await index.write(header);
    for (let bytes = await body.some(1 << 20); bytes !== null; bytes = await body.some(1 << 20)) {
      size += bytes.length;
      if (size > limits.pack_bytes) {
        throw new GateFault("pack_too_large", `the push is larger than ${limits.pack_bytes} bytes`);
      }
      if (signal.aborted) {
        throw new Error("The pack took too long to arrive, or its client is gone");
      }
      // What git does not read any more is read here, or the client would not see the answer.
      if (taken) taken = await index.write(bytes);
    }
    await index.closeStdin();
    await drained;
    const { code, stopped, stderr } = await index.ended;
    if (code !== 0 || stopped !== undefined) throw packFault(stopped, stderr);
  }

  /** The names of the packs that arrived, without their endings. */
  packs(): string[] {
    const folder = join(this.path, "objects", "pack");
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".idx")).map((name) => join(folder, name.slice(0, -4)));
  }

  /** Moves the packs into the mirror; the index last, since git looks for that. */
  migrate(): void {
    const folder = join(this.mirror.path, "objects", "pack");
    Deno.mkdirSync(folder, { recursive: true });
    for (const pack of this.packs()) {
      const name = pack.slice(pack.lastIndexOf("/") + 1);
      for (const ending of [".pack", ".rev", ".idx"]) {
        try {
          Deno.renameSync(pack + ending, join(folder, name + ending));
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound && ending === ".rev")) throw error;
        }
      }
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function packFault(stopped: string | undefined, stderr: string): GateFault {
  if (stopped === "timeout") {
    return new GateFault("timeout", "receiving the push took too long", stderr);
  }
  if (/No space left|Disk quota/i.test(stderr)) return diskFull(stderr);
  if (/exceeds maximum allowed size/.test(stderr)) {
    return new GateFault("pack_too_large", "the push is larger than is taken at once", stderr);
  }
  if (/attempting to allocate|Out of memory/.test(stderr)) {
    return new GateFault("object_too_large", "an object is larger than is looked at", stderr);
  }
  return new GateFault("bad_pack", `git does not take the pack: ${lastLine(stderr)}`, stderr);
}

/** Nothing can be stored, so nothing can be looked at. */
export function diskFull(detail: string): GateFault {
  return new GateFault(
    "disk_full",
    "the gate's disk is full; the operator has to make room",
    detail,
  );
}

async function drainedText(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of stream);
}

/** A fault of a program as the client may see it. */
export function localFault(error: unknown): unknown {
  if (error instanceof ProgramFault) {
    const stderr = error.end?.stderr ?? "";
    if (/No space left|Disk quota/i.test(stderr)) return diskFull(stderr);
    if (error.end?.stopped === "timeout") {
      return new GateFault("timeout", "looking at the push took too long", error.message, error);
    }
    return new GateFault(
      "git_failed",
      "the push cannot be looked at",
      `${error.message}\n${stderr}`,
      error,
    );
  }
  if (
    error instanceof Error && /No space left|os error 28|ENOSPC|Disk quota/i.test(error.message)
  ) {
    return diskFull(error.message);
  }
  return error;
}
