import * as z from "zod";
import { routeSchemaText } from "./route_text.ts";

const justification = z.string().min(1).max(8192)
  .describe("What you need it for, in your own words. The operator reads this and decides.");
const routesYaml = z.string().min(1).max(1 << 20)
  .describe("The whole routes.yaml as it should be, as text: the live file with your change in it");

/** Input of each tool. Unknown arguments are refused, so that a misspelt one is not lost. */
export const TOOL_INPUT = {
  "egress-allow": z.strictObject({ routes_yaml: routesYaml, justification }),
  "egress-block": z.strictObject({ routes_yaml: routesYaml, justification }),
  "list-egress-routes": z.strictObject({}),
  "budget-raise": z.strictObject({
    scope: z.string().min(1).max(200)
      .describe("The budget that is short, as the denial names it"),
    amount: z.number().int().positive().max(1e12).describe("How many tokens more"),
    justification,
  }),
  "proposal-status": z.strictObject({
    id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{7,63}$/, "expected the id of a proposal")
      .describe("The id that a proposal was given"),
  }),
} as const;

/** The name of a tool. */
export type ToolName = keyof typeof TOOL_INPUT;

/** A tool as `tools/list` shows it. */
export interface ToolDescription {
  readonly name: ToolName;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: { readonly type: "object" } & Record<string, unknown>;
}

const WAITS =
  "Waits for the operator's decision and returns it. If none comes in time, the answer is pending, with an id for " +
  "proposal-status; the proposal stays open then, so go on with other work and ask again later.";
const HOW =
  "Call list-egress-routes first, change what you got, and pass the whole file. Ask for as little as will do: one " +
  "host, the methods and paths you need, a ttl.";

/** Every tool, in the order in which agents see them. */
export function toolDescriptions(): ToolDescription[] {
  return [
    describe(
      "egress-allow",
      "Ask to allow more egress",
      `Ask the operator to let more requests out of this sandbox, after a request was denied. ${HOW} ${WAITS}\n\n${routeSchemaText()}`,
    ),
    describe(
      "egress-block",
      "Ask to allow less egress",
      `Ask the operator to let fewer requests out: routes that are not needed any more. ${HOW} ${WAITS} ` +
        "routes_yaml is written as egress-allow says.",
    ),
    describe(
      "list-egress-routes",
      "Show the live routes",
      "The routes.yaml that is enforced right now. Answered at once; nobody is asked.",
    ),
    describe(
      "budget-raise",
      "Ask for a larger budget",
      `Ask the operator for more tokens when a budget is used up. ${WAITS}`,
    ),
    describe(
      "proposal-status",
      "Ask what became of a proposal",
      "Where a proposal stands: pending, approved, modified, rejected, withdrawn or refused. Answered at once.",
    ),
  ];
}

function describe(name: ToolName, title: string, description: string): ToolDescription {
  const { $schema: _, ...schema } = z.toJSONSchema(TOOL_INPUT[name], { io: "input" });
  return { name, title, description, inputSchema: { ...schema, type: "object" } };
}
