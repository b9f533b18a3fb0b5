import type { EventFields } from "../../core/event.ts";
import { printable } from "../denial.ts";
import type { Usage } from "./usage.ts";

const MAX_MODEL = 128;

/**
 * The event of what one answer used: counts, and nothing of what was said.
 *
 * @param rule the route's host pattern.
 * @param mask removes what must not be stored from text.
 */
export function usageEvent(
  host: string,
  rule: string,
  usage: Usage,
  mask: (text: string) => string,
): EventFields {
  return {
    type: "usage",
    host: printable(mask(host)),
    rule,
    api: usage.api,
    model: printable(mask(usage.model).slice(0, MAX_MODEL)),
    input: usage.input,
    output: usage.output,
    cache_read: usage.cacheRead,
    cache_write: usage.cacheWrite,
    reasoning: usage.reasoning,
    complete: usage.complete,
  };
}
