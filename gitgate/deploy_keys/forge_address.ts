import { BottleError, ExitCode } from "../../core/errors.ts";
import { isHostProblem, parseHost } from "../../core/host_name.ts";
import { printable } from "../../core/printable.ts";
import type { Forge } from "./forge.ts";

/** Where the deploy keys of a repository are. */
export interface ForgeAddress {
  /** Base of the API, without a slash at the end. */
  readonly api: string;
  /** Path of the repository on the forge, without `.git`. */
  readonly project: string;
}

/**
 * Where a forge keeps the deploy keys of a repository.
 *
 * @param name of the repository, for messages.
 * @param url upstream of the repository, `ssh://user@host[:port]/path`.
 * @param api base URL of the API when it is not the usual one of the host.
 * @throws BottleError `forge_address`
 */
export function forgeAddress(
  forge: Forge,
  name: string,
  url: string,
  api: string | undefined,
): ForgeAddress {
  const refuse = (reason: string, hint: string) =>
    new BottleError(`Cannot use ${forge.label} for repository ${printable(name)}: ${reason}`, {
      code: "forge_address",
      exit: ExitCode.manifest,
      hint,
    });
  if (!URL.canParse(url)) throw refuse("its url is not a URL", "write ssh://git@host/owner/name");
  const upstream = new URL(url);
  const project = projectOf(upstream.pathname, forge.flat);
  if (project === undefined) {
    const shape = forge.flat ? "/owner/name" : "/group/name";
    throw refuse(
      `the path ${printable(upstream.pathname)} is not of the form ${shape}`,
      `write the upstream as ssh://git@host${shape}.git`,
    );
  }
  if (api !== undefined) {
    const problem = apiProblem(api);
    if (problem !== undefined) {
      throw refuse(`key.api ${problem}`, `write it as ${forge.apiBase("git.example.org")}`);
    }
    return { api: new URL(api).href.replace(/\/+$/, ""), project };
  }
  const host = parseHost(upstream.hostname);
  if (isHostProblem(host)) throw refuse(host.reason, "correct the host in url, or set key.api");
  const hostname = host.text.includes(":") ? `[${host.text}]` : host.text;
  return { api: forge.apiBase(hostname), project };
}

/** Why `text` cannot be the base of an API; undefined when it can. The value is not quoted: it could hold a password. */
export function apiProblem(text: string): string | undefined {
  if (!/^https:\/\//i.test(text)) return "must begin with https://";
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x20\x7f-\uffff\\]/.test(text) || !URL.canParse(text)) return "is not a URL";
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || /^https:\/\/[^/]*@/i.test(text)) {
    return "must not hold a credential";
  }
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(text)) return "must end after the path";
  if (/(^|\/)(\.|%2e){1,2}(\/|$)|%2f|%5c/i.test(text.slice("https://".length))) {
    return "must not hold dot segments or escaped slashes";
  }
  const host = parseHost(url.hostname);
  return isHostProblem(host) ? `names no host: ${host.reason}` : undefined;
}

function projectOf(path: string, flat: boolean): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const segments = decoded.replace(/^\//, "").replace(/\/$/, "").replace(/\.git$/, "").split("/");
  // deno-lint-ignore no-control-regex
  const bad = /^$|^\.\.?$|[\x00-\x1f\x7f\\?#%]/;
  if (segments.some((segment) => bad.test(segment))) return undefined;
  if (flat ? segments.length !== 2 : segments.length < 2) return undefined;
  return segments.join("/");
}
