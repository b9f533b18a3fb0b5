import * as z from "zod";
import { lineField } from "../core/text_field.ts";

export { ENV_NAME, hostVariableField, lineField } from "../core/text_field.ts";

/** A file on the host that stands at a place of its own: absolute, or below the operator's home. */
export const hostPathField = lineField.regex(
  /^(\/|~\/)./,
  "expected a path that starts with / or ~/",
);

/** Tokens per provider name. */
export const budgetField = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*$/, "expected the name of a provider, such as claude"),
  z.number().int("must be a whole number of tokens").nonnegative(),
);

/** What happens when a budget is used up. */
export const shutdownField = z.enum(["cutoff", "freeze", "kill"]);

/** Who the commits are by. An empty text is the same as none, so that a child can leave a field to its parents. */
export const gitUserField = z.strictObject({
  name: lineField.regex(/^[^<>]*$/, "must not hold < or >").optional(),
  email: lineField.regex(/^[^<>\s]*$/, "must not hold a space, < or >").optional(),
});

/** `http://host:port` of a CONNECT proxy; a password in it would be shown by every listing, so none is accepted. */
export const upstreamProxyField = lineField.superRefine((text, context) => {
  const reason = upstreamProxyProblem(text);
  if (reason !== undefined) context.addIssue({ code: "custom", message: reason });
});

function upstreamProxyProblem(text: string): string | undefined {
  if (!/^http:\/\/[^\s/]/i.test(text) || !URL.canParse(text)) {
    return "expected a URL such as http://proxy.example.com:3128";
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return "must end after the host and port";
  }
  return undefined;
}
