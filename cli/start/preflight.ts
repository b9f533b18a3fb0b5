import type { LabelColour, ScreenLine } from "../../screen/frame.ts";

/** What is read before a start is agreed to. */
export interface PreflightFacts {
  readonly agent: string;
  /** Empty for none. */
  readonly label: string;
  readonly colour: LabelColour | undefined;
  readonly backend: string;
  /** The agent's CLI, and whether it is there. */
  readonly toolchain: string;
  /** What is in the workspace to begin with. */
  readonly workspace: string;
  /** What the agent is asked once; undefined for a session on the terminal. */
  readonly prompt: string | undefined;
  readonly warnings: readonly string[];
  /** Lines of the effective manifest. */
  readonly manifest: readonly string[];
}

/** The page that is read before a start is agreed to; texts as they come. */
export function preflightPage(facts: PreflightFacts): ScreenLine[] {
  const { agent, label, colour, backend, toolchain, workspace, prompt, warnings, manifest } = facts;
  const name = label === "" ? `${agent} and five random characters` : `${label} (${agent})`;
  return [
    { text: `name       ${name}`, ...(colour === undefined ? {} : { style: colour }) },
    { text: `backend    ${backend}` },
    { text: `agent CLI  ${toolchain}` },
    { text: `workspace  ${workspace}` },
    ...(prompt === undefined ? [] : [{ text: `prompt     ${prompt}` }]),
    ...warnings.map((text): ScreenLine => ({ text: `warning: ${text}`, style: "warning" })),
    { text: "" },
    { text: "What it may do:", style: "heading" },
    ...manifest.map((text) => ({ text })),
  ];
}
