import type { Host } from "../context.ts";
import { firstWizard, type StartFacts } from "./first_wizard.ts";
import { openedEvent, runWizard } from "./run_wizard.ts";
import type { WizardAnswers, WizardState } from "./wizard.ts";
import type { WizardCatalog } from "./wizard_facts.ts";
import { reduce } from "./wizard_reduce.ts";

/**
 * Asks what is left to be asked of a start.
 *
 * @param agent the agent that was named; what is wrong with it is thrown before anything is asked.
 * @returns undefined when the last question was answered with no.
 * @throws BottleError of the manifest; `interrupted` as {@linkcode runWizard}.
 */
export async function askToStart(
  host: Host,
  catalog: WizardCatalog,
  facts: StartFacts,
  agent: string | undefined,
): Promise<WizardAnswers | undefined> {
  const first = firstWizard(facts);
  const answers = await runWizard(
    host,
    catalog,
    agent === undefined ? first : await withAgent(host, catalog, first, agent),
  );
  // Those of the catalog were said before.
  const said = new Set(catalog.catalog.warnings.map(({ message }) => message));
  for (const warning of answers?.shown.warnings ?? []) {
    if (!said.has(warning)) host.log.warn(warning);
  }
  return answers;
}

async function withAgent(
  host: Host,
  catalog: WizardCatalog,
  first: WizardState,
  agent: string,
): Promise<WizardState> {
  const event = await openedEvent(host, catalog, agent, first.given.bottles);
  const { state } = reduce(first, event);
  const mendable = first.questions.includes(state.at) && event.opened.bottles.length > 0;
  if (!mendable && "error" in event.looked.result) throw event.looked.result.error;
  return state;
}
