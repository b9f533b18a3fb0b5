import type { TextForm } from "../../dlp/injection/injection_detector.ts";
import { type HeaderList, headerValue } from "../header_list.ts";

/** What an answer says of its content. */
export interface DeclaredForm {
  readonly kind: TextForm["kind"];
  /** It names a text format, in which nothing else can stand. Other content is looked at before it is believed. */
  readonly isText: boolean;
}

const TEXT =
  /^(?:text\/(?!plain$)[\w.+-]+|application\/(?:xml|xhtml\+xml|javascript|ecmascript|x-javascript|yaml|x-yaml|graphql|toml|sql)|[\w.-]+\/[\w.-]+\+xml)$/;
const JSON_TYPE =
  /^(?:application\/(?:json|x-json|manifest\+json)|text\/json|[\w.-]+\/[\w.-]+\+json)$/;
const JSON_LINES =
  /^(?:application|text)\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-seq|stream\+json|json-lines)$/;

/** What the Content-Type of an answer declares (RFC 9110 section 8.3); one that is absent declares nothing. */
export function declaredForm(headers: HeaderList): DeclaredForm {
  const type = (headerValue(headers, "content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type === "text/event-stream") return { kind: "events", isText: true };
  if (JSON_LINES.test(type)) return { kind: "json_lines", isText: true };
  if (JSON_TYPE.test(type)) return { kind: "json", isText: true };
  return { kind: "text", isText: TEXT.test(type) };
}
