import { type ByteReader, StreamFault } from "../http/byte_reader.ts";
import { readPktLine } from "./pkt_line.ts";

/** Forty zeros: no object. */
export const NO_OBJECT = "0".repeat(40);

/** One ref that a client wants to change. */
export interface RefCommand {
  readonly old: string;
  readonly new: string;
  readonly ref: string;
}

/** What a client says before its pack (gitprotocol-pack(5), "Reference Update Request"). */
export interface ReceiveRequest {
  readonly commands: readonly RefCommand[];
  readonly capabilities: ReadonlySet<string>;
  readonly pushOptions: readonly string[];
}

/** What the gate offers to a client that pushes. */
export const CAPABILITIES =
  "report-status delete-refs side-band-64k quiet atomic ofs-delta push-options object-format=sha1 agent=git-gate";

const COMMAND = /^([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0\n]{1,1024})$/;
const MOST_OPTIONS = 32;
const MOST_SHALLOW = 100_000;

/**
 * Reads the commands and push options. What follows in `body` is the pack.
 *
 * @param most commands that are taken.
 * @returns undefined when the client only asks whether the gate would listen: a single flush.
 * @throws StreamFault when anything is not as the protocol has it.
 */
export async function readReceiveRequest(
  body: ByteReader,
  most: number,
): Promise<ReceiveRequest | undefined> {
  const commands: RefCommand[] = [];
  let capabilities: Set<string> | undefined;
  let shallow = 0;
  for (;;) {
    const line = await readPktLine(body);
    if (line === "flush") break;
    if (typeof line === "string") throw new StreamFault("a command is expected");
    let text = decoded(line);
    // History that the client does not have: what is pushed is checked to be whole in any case.
    if (/^shallow [0-9a-f]{40}\n?$/.test(text)) {
      if (++shallow > MOST_SHALLOW) throw new StreamFault("it has too many shallow lines");
      continue;
    }
    if (capabilities === undefined) {
      const nul = text.indexOf("\0");
      if (nul < 0) throw new StreamFault("the first command names no capabilities");
      capabilities = new Set(text.slice(nul + 1).trim().split(" ").filter((word) => word !== ""));
      text = text.slice(0, nul);
    }
    const command = COMMAND.exec(text.endsWith("\n") ? text.slice(0, -1) : text);
    if (command === null) throw new StreamFault("a command is malformed");
    if (commands.length === most) throw new StreamFault(`it changes more than ${most} refs`);
    commands.push({ old: command[1]!, new: command[2]!, ref: command[3]! });
  }
  if (capabilities === undefined) return undefined;
  const format = [...capabilities].find((word) => word.startsWith("object-format="));
  if (format !== undefined && format !== "object-format=sha1") {
    throw new StreamFault("only SHA-1 repositories are served");
  }
  const pushOptions: string[] = [];
  if (capabilities.has("push-options")) {
    for (;;) {
      const line = await readPktLine(body);
      if (line === "flush") break;
      if (typeof line === "string") throw new StreamFault("a push option is expected");
      if (pushOptions.length === MOST_OPTIONS) {
        throw new StreamFault("it has too many push options");
      }
      pushOptions.push(decoded(line).replace(/\n$/, ""));
    }
  }
  return { commands, capabilities, pushOptions };
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new StreamFault("a line is not UTF-8");
  }
}
