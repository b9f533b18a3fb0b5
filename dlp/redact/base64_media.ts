import { Buffer } from "node:buffer";

/** First Base64 characters of PNG, JPEG, GIF, PDF, ZIP (office documents), RIFF (WebP, WAV), MP3, Ogg, FLAC, TIFF, WebM and MP4. */
const BEGINS =
  /^(?:iVBORw0KGgo|\\?\/9j\\?\/|R0lGOD[dl]h|JVBERi0|UEsDB|UklGR|SUQz|\\?\/\\?\/[uvs][A-Za-z0-9+/]|T2dnU|ZkxhQ|SUkqA|TU0AK|GkXfo|AAAA[A-Za-z0-9+/]{2}ZnR5c)/;
/** Shortest text that is taken for one, in bytes. */
const SHORTEST = 64;

/** Whether the whole of a text is the Base64 of a picture, sound or document. */
export function isBase64Medium(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < SHORTEST || !BEGINS.test(latin(bytes, start, start + 16))) return false;
  return isBase64Text(latin(bytes, start, Math.min(end, start + 400))) &&
    isBase64Text(latin(bytes, Math.max(start, end - 400), end));
}

/** Whether a text is a `data:` URL in Base64 (RFC 2397). */
export function isDataUrl(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 12 || bytes[start] !== 0x64) return false;
  return /^data:[^,]{0,100};base64,/i.test(latin(bytes, start, Math.min(end, start + 128)));
}

/** Line breaks may be written as escapes, slashes too. */
function isBase64Text(text: string): boolean {
  return /^(?:[A-Za-z0-9+/=]|\\[nr/]|[\r\n])*\\?$/.test(text);
}

function latin(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}
