import type { ChainedEvent, Json } from "../core/event.ts";
import { printableLine } from "../sys/log.ts";

const CHAIN_FIELDS = new Set(["seq", "time", "type", "prev", "hash"]);

/** One line for people: what happened first, the chain's own fields left out. `--json` has everything. */
export function eventText(event: ChainedEvent): string {
  const time = event.time.slice(0, 23).replace("T", " ");
  return printableLine(`${time} ${summary(event)}`);
}

function summary(event: ChainedEvent): string {
  switch (event.type) {
    case "egress":
      return egressText(event);
    case "bottle_started":
      return `bottle_started ${text(event.backend)}, ${probeText(event.probe)}`;
    case "proposal_queued":
      return `asks   ${text(event.tool)} ${text(event.id)}`;
    case "proposal_answered":
      return `answer ${text(event.status)} ${text(event.tool)} ${text(event.id)} after ${
        text(event.waited_ms)
      } ms${event.notes === "" ? "" : `: ${text(event.notes)}`}`;
    case "usage":
      return usageText(event);
    case "push_allowed":
    case "push_refused":
      return pushText(event);
    default: {
      const fields = Object.entries(event).filter(([key]) => !CHAIN_FIELDS.has(key))
        .map(([key, value]) => `${key}=${text(value)}`);
      return [event.type, ...fields].join(" ");
    }
  }
}

/** What a model's answer used; counts that are not final are the least. */
function usageText(event: ChainedEvent): string {
  const counts = [
    `${text(event.input)} tokens in`,
    ...(event.cache_read === 0 ? [] : [`${text(event.cache_read)} from the cache`]),
    ...(event.cache_write === 0 ? [] : [`${text(event.cache_write)} into it`]),
    `${text(event.output)} out`,
    ...(event.reasoning === 0 ? [] : [`${text(event.reasoning)} of them reasoning`]),
  ];
  return `tokens ${text(event.host)} ${text(event.model) || "(no model named)"}  ${
    event.complete === true ? "" : "at least "
  }${counts.join(", ")}`;
}

/** A push with what it would have changed, or why it was refused. */
function pushText(event: ChainedEvent): string {
  const fields = Object.entries(event)
    .filter(([key]) => !CHAIN_FIELDS.has(key) && key !== "repo")
    .map(([key, value]) => `${key}=${text(value)}`);
  return `${event.type === "push_allowed" ? "pushed" : "deny push"} ${text(event.repo)} ${
    fields.join(" ")
  }`;
}

function egressText(event: ChainedEvent): string {
  const { scheme, host, port, path, method } = event;
  const usual = (scheme === "https" && port === 443) || (scheme === "http" && port === 80) ||
    port === 0;
  const where = `${scheme === "http" ? "http://" : ""}${text(host)}${
    usual ? "" : `:${text(port)}`
  }${text(path)}`;
  const head = `${event.verdict === "deny" ? "deny " : "allow"} ${text(event.status)} ${
    text(method)
  } ${where}`;
  if (event.verdict === "deny") return `${head}  ${text(event.code)}: ${text(event.reason)}`;
  const cut = event.incomplete === undefined ? "" : `, cut short: ${text(event.incomplete)}`;
  return `${head}  ${text(event.bytes_out)} B out, ${text(event.bytes_in)} B in, ${
    text(event.ms)
  } ms${cut}`;
}

/** The probe's findings when there are any, their number when all is well. */
function probeText(probe: Json | undefined): string {
  const { ok, checks } = (probe ?? {}) as {
    ok?: boolean;
    checks?: { what: string; expected: string; found: string }[];
  };
  if (!Array.isArray(checks)) return "no probe";
  if (ok === true) return `walls probed: ${checks.length} checks hold`;
  const wrong = checks.filter(({ expected, found }) => expected !== found);
  return `walls leak: ${wrong.map(({ what, found }) => `${what} is ${found}`).join(", ")}`;
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}
