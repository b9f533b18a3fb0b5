import { join } from "node:path/posix";
import type { ManifestPlaces } from "../../manifest/places.ts";
import type { InitAnswers } from "./answers.ts";
import { agentText, bottleText } from "./manifest_text.ts";

/** A manifest that is to be written. */
export interface NewManifest {
  readonly what: "agent" | "bottle";
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly text: string;
  /** Permission bits: your own are for you, a project's are for whoever may read the project. */
  readonly mode: number;
}

/** The files that answers make, the bottle first. */
export function manifestFiles(answers: InitAnswers, places: ManifestPlaces): NewManifest[] {
  const { agent, project, bottle } = answers;
  const folder = project ? join(places.workingDirectory, ".bot-bottle") : places.home;
  return [
    ...(typeof bottle === "string" ? [] : [{
      what: "bottle" as const,
      name: bottle.name,
      file: join(places.home, "bottles", `${bottle.name}.md`),
      text: bottleText(bottle),
      mode: 0o600,
    }]),
    {
      what: "agent",
      name: agent,
      file: join(folder, "agents", `${agent}.md`),
      text: agentText(answers),
      mode: project ? 0o644 : 0o600,
    },
  ];
}
