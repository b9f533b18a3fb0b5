import { Buffer } from "node:buffer";
import type { Field } from "./field.ts";
import { isBase64Medium, isDataUrl } from "./base64_media.ts";

/** An open container of JSON, and what is known of its members. Reused by the next one of the same depth. */
export interface Frame {
  object: boolean;
  /** Name of the current member; empty for one too long to mean anything. */
  key: string;
  /** Number of the current element. */
  index: number;
  /** Fields of members that may be signed or binary, and their names. */
  watched: number[];
  keys: string[];
}

export function newFrame(): Frame {
  return { object: false, key: "", index: 0, watched: [], keys: [] };
}

export function openFrame(frame: Frame, object: boolean): void {
  frame.object = object;
  frame.key = "";
  frame.index = 0;
  frame.watched.length = 0;
  frame.keys.length = 0;
}

/** Members that are opaque wherever they stand: the provider verifies or decrypts them. */
const SEALED: ReadonlySet<string> = new Set([
  "encrypted_content",
  "encrypted_index",
  "encrypted_stdout",
  "thoughtSignature",
  "thought_signature",
]);
/** Members that hold Base64 of something that is not text. */
const BINARY: ReadonlySet<string> = new Set(["b64_json", "file_data", "fileData"]);
/** Objects whose `data` is Base64. */
const CARRIERS: ReadonlySet<string> = new Set([
  "source",
  "inline_data",
  "inlineData",
  "input_audio",
  "audio",
  "blob",
]);
const MEDIUM: ReadonlySet<string> = new Set(["media_type", "mime_type", "mimeType", "mediaType"]);

/** Whether a member of that name must be known when its object ends. */
export function isWatched(key: string): boolean {
  return key === "type" || key === "data" || key === "signature" || key === "thinking" ||
    SEALED.has(key) || BINARY.has(key) || MEDIUM.has(key);
}

/** Marks the members of the object that ends now which must stay as they are. */
export function fixedMembers(
  bytes: Uint8Array,
  frames: readonly Frame[],
  depth: number,
  fields: Field[],
): void {
  const frame = frames[depth - 1]!;
  if (frame.watched.length === 0) return;
  const { keys, watched } = frame;
  const text = (key: string) => {
    const place = watched[keys.lastIndexOf(key)];
    return place === undefined ? "" : latin(bytes, fields[place]!, 60);
  };
  const type = text("type");
  const signed = text("signature") !== "";
  const media = keys.some((key) => MEDIUM.has(key));
  const outer = outerKey(frames, depth);
  watched.forEach((place, index) => {
    const key = keys[index]!;
    const why = SEALED.has(key)
      ? "encrypted by its provider"
      : key === "signature" && (keys.includes("thinking") || /thinking|reasoning/.test(type))
      ? "a signature"
      : key === "thinking" && signed
      ? "signed"
      : key === "data" && /^redacted_thinking$|^reasoning\.|encrypted/.test(type)
      ? "encrypted by its provider"
      : key === "data" && type !== "text" && (type === "base64" || media || CARRIERS.has(outer)) &&
          isBase64(bytes, fields[place]!)
      ? "binary data in Base64"
      : BINARY.has(key) && isBase64(bytes, fields[place]!)
      ? "binary data in Base64"
      : undefined;
    if (why === undefined) return;
    fields[place] = {
      ...fields[place]!,
      fixed: `the member ${pathOf(frames, depth, key)} is ${why}`,
    };
  });
}

/** Why a field that nothing around it explains must stay: it is a data URL, or the Base64 of a picture, sound or document. */
export function fixedByContent(
  bytes: Uint8Array,
  { start, end, fixed }: Field,
): string | undefined {
  if (fixed !== undefined) return fixed;
  if (isDataUrl(bytes, start, end)) return "a data URL in Base64 is binary data";
  if (isBase64Medium(bytes, start, end)) {
    return "a picture, sound or document in Base64 is binary data";
  }
  return undefined;
}

function outerKey(frames: readonly Frame[], depth: number): string {
  for (let index = depth - 2; index >= 0; index--) {
    if (frames[index]!.object) return frames[index]!.key;
  }
  return "";
}

/** Names that may be shown: others could be what was looked for. */
const SHOWN =
  /^(?:messages|content|input|output|contents|parts|source|data|signature|thinking|reasoning_details|thoughtSignature|thought_signature|encrypted_[a-z]{5,7}|inline_?[dD]ata|input_audio|audio|image_url|file_?[dD]ata|file|b64_json|system|history|summary|blob)$/;

function pathOf(frames: readonly Frame[], depth: number, member: string): string {
  let path = "";
  for (const { object, key, index } of frames.slice(0, depth - 1).slice(-8)) {
    path += object ? `${path === "" ? "" : "."}${SHOWN.test(key) ? key : "*"}` : `[${index}]`;
  }
  return `${path}${path === "" ? "" : "."}${SHOWN.test(member) ? member : "*"}`;
}

function isBase64(bytes: Uint8Array, field: Field): boolean {
  const head = latin(bytes, field, 400);
  return /^data:/.test(head) || /^[A-Za-z0-9+/_=\\nr-]{16,}$/.test(head) && !/\\[^nr/]/.test(head);
}

function latin(bytes: Uint8Array, { start, end }: Field, most: number): string {
  return Buffer.from(bytes.subarray(start, Math.min(end, start + most))).toString("latin1");
}
