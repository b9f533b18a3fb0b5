import { isHostProblem, parseAuthority } from "../core/host_name.ts";
import { withoutOverrides, withoutQueryCredentials } from "../egress/credentials.ts";
import { decideConnect, decideRequest, type Permit } from "../egress/decide.ts";
import { type Denial, isDenial } from "../egress/denial.ts";
import { field, type HeaderList, withoutHopByHop } from "../egress/header_list.ts";
import { ModelApiCheck } from "../egress/model_api/model_api_check.ts";
import { inspectionOf } from "../egress/outbound/inspection.ts";
import { denialOf } from "../egress/refusal.ts";
import { tooLarge } from "../egress/request_body.ts";
import { compileRoutes, type RouteTable } from "../egress/route_table.ts";
import { parseRoutesFile } from "../egress/routes_file.ts";
import { isWebSocketHandshake } from "../egress/websocket.ts";
import { parseArguments, requiredValue, usage } from "./arguments.ts";
import { readText } from "./read_contract.ts";

/** What the proxy would do with one request, as `egress test` prints it. */
export interface TestVerdict {
  readonly verdict: "allow" | "deny";
  readonly code?: string;
  readonly status?: number;
  readonly reason?: string;
  /** What the agent is told to do next, where the refusal has advice of its own. */
  readonly next?: string;
  /** Host pattern of the route that decided. */
  readonly rule?: string;
  /** The canonical URL that would be sent. */
  readonly url?: string;
  /** Header that would carry the route's credential; never its value. */
  readonly credential?: string;
  readonly body_bytes?: number;
}

/**
 * `egress-test --routes FILE METHOD URL [-H K:V]… [--data-file F]`: decides by the very functions the proxy uses;
 * nothing is resolved or sent, and no credential is looked up. What detectors would find in a body is not told.
 */
export async function egressTestRequest(args: readonly string[]): Promise<TestVerdict> {
  const parsed = parseArguments(args, ["--routes", "-H", "--data-file"]);
  const routes = requiredValue(parsed, "--routes");
  const [method, url] = parsed.rest;
  if (method === undefined || url === undefined) throw usage("A method and a URL are needed");
  const headers = (parsed.options.get("-H") ?? []).map((text) => {
    const colon = text.indexOf(":");
    if (colon < 1) throw usage(`A header is NAME:VALUE, not ${JSON.stringify(text)}`);
    return field(text.slice(0, colon).trim(), text.slice(colon + 1).trim());
  });
  const data = parsed.options.get("--data-file")?.at(-1);
  const size = data === undefined ? undefined : Deno.statSync(data).size;
  const body = () => data === undefined ? new Uint8Array() : Deno.readFileSync(data);
  const table = compileRoutes(parseRoutesFile(readText(routes), routes, () => "assumed to be set"));
  const verdict = await judge(table, method, url, headers, { size: size ?? 0, read: body });
  return size === undefined ? verdict : { ...verdict, body_bytes: size };
}

/** The body of the request: looked at only where the route looks at it. */
interface TestBody {
  readonly size: number;
  readonly read: () => Uint8Array;
}

async function judge(
  table: RouteTable,
  method: string,
  url: string,
  headers: ReturnType<typeof field>[],
  body: TestBody,
): Promise<TestVerdict> {
  const match = /^(https?):\/\/([^/?#]*)([^#]*)$/i.exec(url);
  if (match === null) throw usage("The URL must start with https:// or http://");
  const scheme = match[1]!.toLowerCase() as "http" | "https";
  const authority = parseAuthority(match[2]!, scheme === "https" ? 443 : 80);
  if (isHostProblem(authority)) {
    const { problem, reason } = authority;
    return problem === "malformed"
      ? { verdict: "deny", code: "malformed_request", status: 400, reason }
      : { verdict: "deny", code: "host_not_allowed", status: 403, reason };
  }
  const named = authority.host.text.includes(":")
    ? `[${authority.host.text}]`
    : authority.host.text;
  const authorityText = `${named}:${authority.port}`;
  if (scheme === "https") {
    const tunnel = decideConnect(table, authorityText);
    if (isDenial(tunnel)) return denied(tunnel);
  }
  const rest = match[3]!;
  const all = headers.some(({ name }) => name === "host")
    ? headers
    : [field("Host", authorityText), ...headers];
  const decision = decideRequest(table, {
    scheme,
    authority,
    method,
    target: rest.startsWith("/") ? rest : `/${rest}`,
    headers: all,
    webSocket: isWebSocketHandshake(method, 1, all),
  });
  if (isDenial(decision)) return denied(decision);
  const { route, target } = decision;
  const refused = await bodyDenial(decision, method, all, body);
  if (refused !== undefined) return { ...denied(refused), rule: route.label };
  const query = withoutQueryCredentials(target.query, route);
  return {
    verdict: "allow",
    rule: route.label,
    url: `${scheme}://${authorityText}${target.path}${query}`,
    ...(route.auth === undefined || scheme === "http" ? {} : { credential: route.auth.header }),
  };
}

/** Why the body of a request that matches its route would be refused. */
async function bodyDenial(
  { route, target }: Permit,
  method: string,
  headers: HeaderList,
  { size, read }: TestBody,
): Promise<Denial | undefined> {
  const isRead = route.modelApi !== undefined || inspectionOf(route, false) !== undefined;
  if (isRead && size > route.maxBody) return tooLarge(route.maxBody);
  if (route.modelApi === undefined) return undefined;
  try {
    await new ModelApiCheck().check(route.modelApi, {
      method,
      path: target.path,
      headers: withoutOverrides(withoutHopByHop(headers), route),
      body: read(),
    });
    return undefined;
  } catch (error) {
    const denial = denialOf(error);
    if (denial === undefined) throw error;
    return denial;
  }
}

function denied({ code, status, reason, next }: Denial): TestVerdict {
  return { verdict: "deny", code, status, reason, ...(next === undefined ? {} : { next }) };
}
