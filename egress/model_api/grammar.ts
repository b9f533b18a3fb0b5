import type { ModelApi, ModelApiExtra } from "../../core/route.ts";
import { ANTHROPIC_MESSAGES } from "./anthropic_messages.ts";
import type { Outline } from "./json_outline.ts";
import { OPENAI_COMPLETIONS } from "./openai_completions.ts";
import { OPENAI_RESPONSES } from "./openai_responses.ts";

/** An object of an {@linkcode Outline}. */
export type OutlineObject = ReadonlyMap<string, Outline>;

/**
 * What becomes of a key of the body: its value cannot reach out (`plain`), is a conversation or a part of one (`walk`),
 * is a list of tools (`tools`), is the name of a model (`model`), or is only let through where the route allows it.
 */
export type KeyRule = "plain" | "walk" | "tools" | "model" | ModelApiExtra;

/** What a part of a conversation needs by its type; `plain`: nothing. */
export type TypeRule = "plain" | ModelApiExtra;

/** What a request of one API may hold. Everything that is not listed needs `hosted_tools`. */
export interface Grammar {
  /** Ends of the paths whose requests have such a body. */
  readonly endpoints: RegExp;
  /** Paths below which uploaded files are. */
  readonly files: RegExp;
  /** Keys of the body. */
  readonly keys: ReadonlyMap<string, KeyRule>;
  /** Values of `type` in a conversation. */
  readonly types: ReadonlyMap<string, TypeRule>;
  /** Keys whose values are data of the agent's own or of the model's, or settings, wherever they stand in a conversation. */
  readonly data: ReadonlySet<string>;
  /** Further ones of objects with one type. */
  readonly dataOf: Readonly<Record<string, readonly string[]>>;
  /** Types of the objects in which `url` only says where something came from. */
  readonly urlsToldBy: ReadonlySet<string>;
  /** What a tool needs; null: it runs at the client's, or looks at nothing but the request. */
  tool(type: string | undefined, tool: OutlineObject): ModelApiExtra | null;
  /** What a model needs that does more than answer. */
  model(name: string): ModelApiExtra | null;
}

const GRAMMARS: Readonly<Record<ModelApi, Grammar>> = {
  "anthropic-messages": ANTHROPIC_MESSAGES,
  "openai-responses": OPENAI_RESPONSES,
  "openai-completions": OPENAI_COMPLETIONS,
};

/** The grammar of an API. */
export function grammarOf(kind: ModelApi): Grammar {
  return GRAMMARS[kind];
}
