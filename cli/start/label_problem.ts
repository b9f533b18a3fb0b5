import { join } from "node:path/posix";
import { messageOf } from "../../core/errors.ts";
import { slugFromLabel } from "../../core/slug.ts";
import { namesIn } from "../bottle/find_bottles.ts";
import { bottleHome } from "../home.ts";
import type { Host } from "../context.ts";

/** Why a label cannot name a new bottle just now; undefined when it can. */
export function labelProblem(host: Pick<Host, "env">, label: string): string | undefined {
  try {
    const slug = slugFromLabel(label);
    const taken = namesIn(join(bottleHome(host), "state")).includes(slug);
    return taken ? `A bottle named ${slug} exists; choose another label` : undefined;
  } catch (error) {
    return messageOf(error);
  }
}
