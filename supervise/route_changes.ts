import type { ProposedRoute } from "../core/live_route.ts";
import { canonicalJson, type Json } from "../core/event.ts";
import type { ModelApiExtra } from "../core/route.ts";
import type { ProposalTool } from "../core/proposal.ts";
import { normalHost } from "../core/routes_file.ts";

/** What a proposal does to one host. */
export interface RouteChange {
  readonly host: string;
  readonly kind: "added" | "removed" | "changed";
  /** What an operator should not overlook, a sentence each; empty for what only narrows. */
  readonly warnings: readonly string[];
}

/** What becomes of each host when `after` takes the place of `before`, in the order of the files. */
export function routeChanges(
  before: readonly ProposedRoute[],
  after: readonly ProposedRoute[],
  tool: ProposalTool,
): RouteChange[] {
  const old = new Map(before.map((route) => [normalHost(route.host), route]));
  const changes: RouteChange[] = [];
  for (const route of after) {
    const key = normalHost(route.host);
    const earlier = old.get(key);
    old.delete(key);
    if (earlier !== undefined && textOf(earlier) === textOf(route)) continue;
    const warnings = warningsOf(earlier, route);
    if (earlier === undefined && tool === "egress-block") {
      warnings.unshift("it is proposed as a block, but lets more out");
    }
    changes.push({ host: route.host, kind: earlier === undefined ? "added" : "changed", warnings });
  }
  for (const { host } of old.values()) changes.push({ host, kind: "removed", warnings: [] });
  return changes;
}

function warningsOf(before: ProposedRoute | undefined, after: ProposedRoute): string[] {
  const warnings: string[] = [];
  const say = (condition: boolean, text: string) => void (condition && warnings.push(text));
  const { auth, dlp } = after;
  say(
    auth !== undefined && before?.auth?.token_ref !== auth.token_ref,
    `the credential ${auth?.token_ref} is sent to this host, which did not get it before`,
  );
  say(before === undefined && after.host.startsWith("*."), "it covers every name below that one");
  say(
    after.matches === undefined && (before === undefined || before.matches !== undefined),
    "every request to this host is allowed",
  );
  say(
    after.allow_private === true && before?.allow_private !== true,
    "addresses of private networks can be reached",
  );
  say(
    after.insecure_http === true && before?.insecure_http !== true,
    "plain http is allowed: everybody on the way can read and change it",
  );
  say(
    dlp !== undefined && textOf(dlp) !== textOf(before?.dlp ?? {}),
    "what is looked for in its traffic is changed",
  );
  warnings.push(...modelApiWarnings(before?.model_api, after.model_api));
  say(
    before !== undefined && isShorterLived(before) && !isShorterLived(after),
    "it would end by itself, and then not any more",
  );
  return warnings;
}

/** What else a model's provider may be asked to do, where no allowlist sees it. */
function modelApiWarnings(
  before: ProposedRoute["model_api"],
  after: ProposedRoute["model_api"],
): string[] {
  if (before !== undefined && after === undefined) {
    return ["what its model API is asked to do on the provider's side is not checked any more"];
  }
  const warnings: string[] = [];
  if (before !== undefined && before.kind !== after?.kind) {
    warnings.push(`its requests are checked as ${after?.kind}, no longer as ${before.kind}`);
  }
  for (const extra of after?.allow ?? []) {
    if (before?.allow?.includes(extra) !== true) warnings.push(EXTRA_RISKS[extra]);
  }
  return warnings;
}

const EXTRA_RISKS: Readonly<Record<ModelApiExtra, string>> = {
  files: "the agent may upload files to the provider, and use files of that account",
  web_search: "the provider may search the web for the agent: what is searched for leaves unseen",
  web_fetch: "the provider may fetch any URL for the agent: a URL can carry what must not leave",
  hosted_tools:
    "the provider may run whatever the agent asks for, such as code and calls to any MCP server",
};

function isShorterLived({ ttl, expires }: ProposedRoute): boolean {
  return ttl !== undefined || expires !== undefined;
}

function textOf(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)) as Json);
}
