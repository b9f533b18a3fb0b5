import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type * as z from "zod";
import { BottleError } from "../../core/errors.ts";
import { findingsOf } from "../../core/finding.ts";
import { printable } from "../../core/printable.ts";
import type { Answer } from "../../core/proposal.ts";
import type { AgentProposals, Proposed } from "./agent_proposals.ts";
import { type Said, sayAnswer, sayPending, sayState } from "./answer_text.ts";
import { TOOL_INPUT, type ToolName } from "./tools.ts";
import { waitFor, type WaitOptions } from "./wait.ts";

/** What one call is answered with besides its arguments. */
export interface CallContext {
  readonly proposals: AgentProposals;
  readonly wait: Omit<WaitOptions, "onWaiting">;
  /** Tells the client that proposal `id` still waits. */
  readonly onWaiting: (id: string, passed: number) => void;
  /** Takes one of the places for calls that wait; undefined when there is none left. */
  readonly takePlace: () => Disposable | undefined;
}

/**
 * Answers one `tools/call`.
 *
 * @throws ProtocolError `InvalidParams` that names the tool or the arguments that are wrong.
 */
export async function callTool(name: string, args: unknown, context: CallContext): Promise<Said> {
  if (!isToolName(name)) {
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Unknown tool ${JSON.stringify(printable(name).slice(0, 100))}; there are ${
        Object.keys(TOOL_INPUT).join(", ")
      }`,
      { field: "name" },
    );
  }
  try {
    return await call(name, args ?? {}, context);
  } catch (error) {
    // The file that the agent proposes is not valid: said like a failed command, so that the agent corrects it.
    if (
      error instanceof BottleError && error.code.startsWith("routes_") && error.code !== UNREADABLE
    ) {
      const hint = error.hint === undefined ? "" : `\nhint: ${error.hint}`;
      return {
        text: `Nothing was proposed, routes_yaml is not valid:\n${error.message}${hint}`,
        data: { status: "invalid", code: error.code },
        isError: true,
      };
    }
    throw error;
  }
}

const UNREADABLE = "routes_unreadable";

async function call(name: ToolName, args: unknown, context: CallContext): Promise<Said> {
  const { proposals } = context;
  switch (name) {
    case "egress-allow":
    case "egress-block": {
      const { routes_yaml, justification } = checked(name, TOOL_INPUT[name], args);
      return await decided(proposals.routes(name, routes_yaml, justification), context, true);
    }
    case "budget-raise": {
      const { scope, amount, justification } = checked(name, TOOL_INPUT[name], args);
      return await decided(proposals.budget(scope, amount, justification), context, false);
    }
    case "list-egress-routes": {
      checked(name, TOOL_INPUT[name], args);
      const { text, hash } = proposals.live();
      return { text, data: { routes_yaml: text, sha256: hash } };
    }
    case "proposal-status": {
      const { id } = checked(name, TOOL_INPUT[name], args);
      return sayState(id, proposals.state(id));
    }
  }
}

async function decided(proposed: Proposed, context: CallContext, file: boolean): Promise<Said> {
  if ("unchanged" in proposed) {
    return {
      text: "Nothing was proposed: the live routes are these already.",
      data: { status: "unchanged" },
      isError: true,
    };
  }
  if ("answer" in proposed) return sayAnswer(proposed.answer, undefined);
  const { id, answer } = proposed.ticket;
  const place = context.takePlace();
  if (place === undefined) return sayPending(id);
  let got: Answer | undefined;
  try {
    got = await waitFor(answer, {
      ...context.wait,
      onWaiting: (passed) => context.onWaiting(id, passed),
    });
  } finally {
    place[Symbol.dispose]();
  }
  if (got === undefined) return sayPending(id);
  const applies = file && (got.status === "approved" || got.status === "modified");
  return sayAnswer(got, applies ? await context.proposals.isEnforced(got) : undefined);
}

function isToolName(name: string): name is ToolName {
  return Object.hasOwn(TOOL_INPUT, name);
}

function checked<T>(name: ToolName, schema: z.ZodType<T>, args: unknown): T {
  const result = schema.safeParse(args);
  if (result.success) return result.data;
  const findings = result.error.issues.flatMap((issue) => findingsOf(issue, schema, [], args));
  const text = findings.slice(0, 10).map(({ message }) => message).join("; ");
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    printable(`Invalid arguments for ${name}: ${text}`).slice(0, 2000),
    { fields: findings.slice(0, 10).map(({ path }) => printable(path.join("."))) },
  );
}
