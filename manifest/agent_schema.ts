import * as z from "zod";
import { budgetField, gitUserField } from "./field.ts";
import { MANIFEST_NAME } from "./manifest_name.ts";

/** Fields of Claude Code's subagent files: accepted, so that one file serves both, and not used here. */
export const SUBAGENT_FIELDS = [
  "name",
  "description",
  "model",
  "color",
  "tools",
  "disallowedTools",
  "memory",
  "permissionMode",
  "maxTurns",
  "mcpServers",
  "hooks",
  "background",
  "isolation",
  "effort",
  "initialPrompt",
] as const;

const ignored = Object.fromEntries(
  SUBAGENT_FIELDS.map((name) => [name, z.unknown().optional()]),
) as Record<typeof SUBAGENT_FIELDS[number], z.ZodOptional<z.ZodUnknown>>;

// A skill is a directory below the operator's own skills folder, named by a file that a repository may bring along.
const skill = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
  "expected the name of a skill folder: letters, digits, - and _",
);

const noRepos = z.unknown().optional().superRefine((value, context) => {
  if (value === undefined) return;
  context.addIssue({
    code: "custom",
    message: "repositories belong in a bottle; an agent sets only git-gate.user",
  });
});

/** The frontmatter of an agent file. */
export const agentSchema = z.strictObject({
  bottle: z.string().regex(MANIFEST_NAME, "expected the name of a bottle").optional(),
  skills: z.array(skill).optional(),
  "git-gate": z.strictObject({ user: gitUserField.optional(), repos: noRepos }).optional(),
  budget: budgetField.optional(),
  ...ignored,
});

/** An agent's own keys, checked. */
export type AgentDocument = z.output<typeof agentSchema>;
