import { Buffer } from "node:buffer";
import { printable } from "../../core/printable.ts";
import { exactForms } from "../../dlp/known/exact_forms.ts";
import type { HttpResponse } from "./http.ts";

/** Longest quotation of a forge, in characters. */
const LONGEST_QUOTE = 300;
/** What of a message is looked at, in characters. */
const LONGEST_MESSAGE = 65_536;
/** How deep errors nest in the answers of the forges. */
const DEEPEST = 4;

/**
 * What a forge says in an error: one line that is safe to show, `""` when it says nothing. A message that repeats the
 * token in any form is left out.
 */
export function forgeMessage({ headers, body }: HttpResponse, token: string): string {
  const text = errorText(body) ??
    (/^text\/plain\b/i.test(headers.get("content-type") ?? "") ? body : "");
  return quotable(text, token);
}

/** `text` as one short line without control characters, or a remark in its place when it holds the token. */
export function quotable(text: string, token: string): string {
  const whole = Buffer.from(text.slice(0, LONGEST_MESSAGE), "utf8").toString("latin1");
  // A token may be spread over lines or hidden between characters that are not shown.
  const texts = [whole, whole.replace(/[^\x21-\x7e]/g, "")];
  const forms = exactForms(token).map((form) => Buffer.from(form).toString("latin1"));
  if (forms.some((form) => texts.some((searched) => searched.includes(form)))) {
    return "(its message is left out because it repeats the token)";
  }
  const line = printable(text.slice(0, LONGEST_MESSAGE).replace(/\s+/g, " ")).trim();
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}

/** Messages of an error in JSON: `message`, `error`, `error_description`, and those in `errors`. */
function errorText(body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { message, error, error_description, errors } = value as Record<string, unknown>;
  const parts = [message, error, error_description, errors]
    .flatMap((part) => [...messagesIn(part, DEEPEST)]);
  return [...new Set(parts)].join(": ");
}

/** GitLab nests lists of messages below the names of fields; GitHub lists objects with a `message`. */
function* messagesIn(value: unknown, depth: number): Generator<string> {
  if (typeof value === "string") yield value;
  else if (depth === 0 || typeof value !== "object" || value === null) return;
  else if (Array.isArray(value)) {
    for (const item of value) yield* messagesIn(item, depth - 1);
  } else if ("message" in value) yield* messagesIn(value.message, depth - 1);
  else {
    for (const [name, item] of Object.entries(value)) {
      const inner = [...messagesIn(item, depth - 1)];
      if (inner.length > 0) yield `${name} ${inner.join(", ")}`;
    }
  }
}

/** Whether a forge refuses because of too many requests. GitHub says so with 403 too (docs.github.com/rest, rate limits). */
export function isRateLimited({ status, headers }: HttpResponse): boolean {
  return status === 429 ||
    status === 403 && (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0");
}

/**
 * How long a forge wants us to wait, in milliseconds; undefined when it does not say. `Retry-After` is seconds or a date
 * (RFC 9110 section 10.2.3), `X-RateLimit-Reset` (GitHub) and `RateLimit-Reset` (GitLab) are seconds of the epoch.
 */
export function retryDelay({ headers }: HttpResponse, now: Date): number | undefined {
  const after = headers.get("retry-after")?.trim();
  if (after !== undefined) {
    if (/^\d{1,9}$/.test(after)) return Number(after) * 1000;
    const date = Date.parse(after);
    return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
  }
  const reset = headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset") ?? "";
  return /^\d{1,12}$/.test(reset) ? Math.max(0, Number(reset) * 1000 - now.getTime()) : undefined;
}

/**
 * Whether a list goes on after this page. The forge's links are read, never followed: the next page is asked for at an
 * address of our own making (RFC 8288; gitea has the total only, GitHub leaves the links out on a single page).
 *
 * @param seen keys on all pages up to this one.
 */
export function hasNextPage({ headers }: HttpResponse, onPage: number, seen: number): boolean {
  if (onPage === 0) return false;
  const next = headers.get("x-next-page");
  if (next !== undefined) return next !== "";
  const link = headers.get("link");
  if (link !== undefined) return /;\s*rel="?next"?/i.test(link);
  const total = headers.get("x-total-count");
  return total === undefined || !/^\d{1,9}$/.test(total) || seen < Number(total);
}
