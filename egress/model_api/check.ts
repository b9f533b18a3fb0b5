import type { ModelApiExtra } from "../../core/route.ts";
import { quoted } from "./quoted.ts";
import { type Grammar, grammarOf, type OutlineObject } from "./grammar.ts";
import type { Outline } from "./json_outline.ts";
import type { RouteModelApi } from "./route_model_api.ts";

/** What a request asks for that its route does not allow. */
export interface ModelApiProblem {
  /** One clause: what it is. */
  readonly asks: string;
  /** The entry of `model_api.allow` that would let it through. */
  readonly needs: ModelApiExtra;
}

/** A body that the API could understand in another way than it is understood here. */
export class UnclearBody extends Error {
  override readonly name = "UnclearBody";
}

/** Keys that can make the provider fetch, open or run something, by their letters alone. */
const REACHING = new Map([
  ...["type", "source", "tools", "definition", "environment", "execution", "url"],
  ...["file_id", "file_ids", "file_url", "file_data", "image_url", "video_url", "audio_url"],
  ...["image", "images", "video", "videos", "audio", "audios", "uri", "file_uri"],
  ...["server_url", "connector_id", "container", "container_id", "vector_store_ids"],
  ...["mcp_servers", "mcp_server_name"],
].map((key) => [folded(key), key]));

/** Longest key of a conversation or tool in characters: what such a key could be read as is not looked for. */
const MAX_KEY = 128;

/** Keys whose texts the check needs to know. */
export const TEXTS: ReadonlySet<string> = new Set([...REACHING.values(), "model", "name"]);

/** Keys that name something outside of the request, wherever they stand in a conversation. */
const REFERENCES: ReadonlyMap<string, ModelApiExtra> = new Map([
  ...["file_id", "file_ids"].map((key) => [key, "files"] as const),
  ...["server_url", "connector_id", "container", "container_id", "vector_store_ids", "mcp_servers"]
    .map((key) => [key, "hosted_tools"] as const),
]);

/** Keys with a URL that the provider fetches unless it holds the data itself (RFC 2397). */
const URLS: ReadonlySet<string> = new Set([
  ...["url", "file_url", "image_url", "video_url", "audio_url"],
]);

/** The same of some services that speak chat completions, with data in Base64 too. */
const MEDIA: ReadonlySet<string> = new Set([
  ...["image", "images", "video", "videos", "audio", "audios", "uri", "file_uri", "file_data"],
]);

/**
 * The first thing in a body that would run on the provider's side, be fetched from there or be read from an account,
 * and that the route does not allow; undefined when there is none. What is not known is refused: tools, parts of a
 * conversation and keys of the body are let through because they are listed, not because nobody thought of them.
 *
 * @throws UnclearBody
 */
export function modelApiProblem(
  { kind, allow }: RouteModelApi,
  body: Outline,
): ModelApiProblem | undefined {
  if (!(body instanceof Map)) throw new UnclearBody("it is no JSON object");
  return new Check(grammarOf(kind), allow).body(body);
}

class Check {
  readonly #grammar: Grammar;
  readonly #allow: ReadonlySet<ModelApiExtra>;
  /** Keys that are spelled clearly: a conversation has few different ones. */
  readonly #clear = new Set<string>();

  constructor(grammar: Grammar, allow: ReadonlySet<ModelApiExtra>) {
    this.#grammar = grammar;
    this.#allow = allow;
  }

  body(body: OutlineObject): ModelApiProblem | undefined {
    const { keys } = this.#grammar;
    for (const [key, value] of body) {
      const rule = keys.get(key);
      if (isNothing(value) && rule !== undefined) continue;
      const problem = rule === undefined
        ? this.#needs("hosted_tools", `the key ${quoted(key)}, which is not known to be harmless`)
        : this.#key(key, rule, value);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #key(key: string, rule: string, value: Outline): ModelApiProblem | undefined {
    switch (rule) {
      case "plain":
        return undefined;
      case "walk":
        return this.#walk(value);
      case "tools":
        return this.#tools(value);
      case "model":
        return this.#model(value);
      default:
        return this.#needs(rule as ModelApiExtra, `the key ${quoted(key)}`);
    }
  }

  #model(name: Outline): ModelApiProblem | undefined {
    if (typeof name !== "string") throw new UnclearBody("its model is no text");
    const extra = this.#grammar.model(name.toLowerCase());
    return extra === null ? undefined : this.#needs(extra, `the model ${quoted(name)}`);
  }

  #tools(tools: Outline): ModelApiProblem | undefined {
    if (isNothing(tools)) return undefined;
    if (!Array.isArray(tools)) throw new UnclearBody("its tools are no list");
    return first(tools, (tool) => this.#tool(tool));
  }

  #tool(tool: Outline): ModelApiProblem | undefined {
    if (!(tool instanceof Map)) throw new UnclearBody("one of its tools is no object");
    this.#clearKeys(tool);
    const type = tool.get("type") ?? undefined;
    if (type !== undefined && typeof type !== "string") {
      throw new UnclearBody("the type of a tool is no text");
    }
    const extra = this.#grammar.tool(type, tool);
    const problem = extra === null
      ? undefined
      : this.#needs(extra, `the tool ${named(type, tool)}`);
    if (problem !== undefined || !tool.has("tools")) return problem;
    return this.#tools(tool.get("tools")!);
  }

  /** A conversation, or a part of one. */
  #walk(value: Outline): ModelApiProblem | undefined {
    if (Array.isArray(value)) return first(value, (item) => this.#walk(item));
    if (!(value instanceof Map)) return undefined;
    this.#clearKeys(value);
    const type = value.get("type") ?? undefined;
    return this.#type(type) ??
      first(value, ([key, member]) => this.#member(type as string | undefined, key, member));
  }

  #type(type: Outline | undefined): ModelApiProblem | undefined {
    if (type === undefined) return undefined;
    if (typeof type !== "string") throw new UnclearBody("a type is no text");
    const rule = this.#grammar.types.get(type);
    if (rule === "plain") return undefined;
    return rule === undefined
      ? this.#needs(
        "hosted_tools",
        `a part of type ${quoted(type)}, which is not known to be harmless`,
      )
      : this.#needs(rule, `a part of type ${quoted(type)}`);
  }

  #member(type: string | undefined, key: string, value: Outline): ModelApiProblem | undefined {
    const { data, dataOf } = this.#grammar;
    if (isNothing(value) || data.has(key)) return undefined;
    if (type !== undefined && Object.hasOwn(dataOf, type) && dataOf[type]!.includes(key)) {
      return undefined;
    }
    if (key === "tools") return this.#tools(value);
    if (key === "definition") return this.#tool(value);
    const reference = REFERENCES.get(key);
    if (reference !== undefined) return this.#needs(reference, `${quoted(key)} in a conversation`);
    if (MEDIA.has(key)) {
      if (typeof value === "string") return this.#media(key, value);
      if (Array.isArray(value)) return first(value, (item) => this.#medium(key, item));
    }
    if (
      URLS.has(key) && !(value instanceof Map) && !(type !== undefined && this.#tells(type, key))
    ) {
      return this.#url(key, value);
    }
    return this.#walk(value);
  }

  #tells(type: string, key: string): boolean {
    return key === "url" && this.#grammar.urlsToldBy.has(type);
  }

  #url(key: string, value: Outline): ModelApiProblem | undefined {
    if (typeof value === "string" && value.startsWith("data:")) return undefined;
    return this.#needs("web_fetch", `${quoted(key)} that is no data: URL`);
  }

  /** One of several. Texts of a list are not told, so a list of them needs what their worst needs. */
  #medium(key: string, value: Outline): ModelApiProblem | undefined {
    return value instanceof Map
      ? this.#walk(value)
      : this.#needs("web_fetch", `${quoted(key)} that is a list`);
  }

  /** Data in Base64, or a data: URL; some services take another URL for one to fetch. */
  #media(key: string, value: string): ModelApiProblem | undefined {
    if (value.startsWith("data:") || /^[A-Za-z0-9+/_=-]*$/.test(value)) return undefined;
    return this.#needs("web_fetch", `${quoted(key)} that is neither a data: URL nor Base64`);
  }

  /**
   * Some parsers (Go's among them) take `Type` or `imageUrl` for the key they look for.
   *
   * @throws UnclearBody for a key that matters in another spelling.
   */
  #clearKeys(object: OutlineObject): void {
    for (const key of object.keys()) {
      if (this.#clear.has(key)) continue;
      if (key.length > MAX_KEY) throw new UnclearBody("it has a name that is too long");
      const known = REACHING.get(folded(key));
      if (known !== undefined && known !== key) {
        throw new UnclearBody(`it has the key ${quoted(key)}, which can be read as "${known}"`);
      }
      this.#clear.add(key);
    }
  }

  #needs(needs: ModelApiExtra, asks: string): ModelApiProblem | undefined {
    return this.#allow.has(needs) ? undefined : { asks, needs };
  }
}

/** Null and empty lists say nothing. */
function isNothing(value: Outline): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

function named(type: string | undefined, tool: OutlineObject): string {
  if (type !== undefined) return quoted(type);
  const name = tool.get("name");
  return typeof name === "string" ? quoted(name) : "without a type";
}

/** A key by its letters alone: lower case, also of the letters that Unicode folds to ASCII, without separators. */
function folded(key: string): string {
  return key.normalize("NFKC").toLowerCase().replaceAll("\u017f", "s").replace(/[^a-z0-9]/g, "");
}

function first<Item>(
  items: Iterable<Item>,
  check: (item: Item) => ModelApiProblem | undefined,
): ModelApiProblem | undefined {
  for (const item of items) {
    const problem = check(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
