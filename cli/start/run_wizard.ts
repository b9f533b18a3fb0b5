import { FullScreen } from "../../screen/full_screen.ts";
import { processTerminal } from "../../screen/terminal.ts";
import type { Host } from "../context.ts";
import { interrupted, isColoured } from "../ui/ask.ts";
import type { WizardAnswers, WizardCommand, WizardEvent, WizardState } from "./wizard.ts";
import {
  bottleResolver,
  describeAgent,
  look,
  openAgent,
  type WizardCatalog,
} from "./wizard_facts.ts";
import { reduce } from "./wizard_reduce.ts";
import { view } from "./wizard_view.ts";

const LEFT = "Nothing was started";

/**
 * Asks the questions of a start until they are answered; the terminal is as before then, however it ends.
 *
 * @returns undefined when the last question was answered with no.
 * @throws BottleError `interrupted` (130) on Ctrl-C, and on Escape at the first question.
 */
export async function runWizard(
  host: Host,
  catalog: WizardCatalog,
  first: WizardState,
): Promise<WizardAnswers | undefined> {
  const terminal = processTerminal();
  let state: WizardState = { ...first, size: terminal.size() };
  using _modes = host.terminal.guard();
  using screen: FullScreen<WizardAnswers | undefined> = new FullScreen(terminal, isColoured(host), {
    view: () => view(state),
    // The next key waits until what this one asked for is there.
    onKey: (key) => dispatch({ type: "key", key }),
    onResize: (size) => void tell({ type: "resized", size }),
    onSignal: (name) => screen.fail(interrupted(LEFT, name)),
  });
  const tell = (event: WizardEvent) => dispatch(event).catch((error) => screen.fail(error));
  async function dispatch(event: WizardEvent): Promise<void> {
    const step = reduce(state, event);
    state = step.state;
    for (const command of step.commands) await perform(command);
    screen.draw();
  }
  async function perform(command: WizardCommand): Promise<void> {
    switch (command.do) {
      case "open":
        return await dispatch(
          await openedEvent(host, catalog, command.agent, state.given.bottles)
            .catch((error) => ({ type: "unusable", error }) as const),
        );
      case "look": {
        const { agent, bottles } = command;
        return await dispatch({ type: "looked", looked: await look(host, agent, bottles) });
      }
      case "redraw":
        return screen.redraw();
      case "leave":
        return screen.fail(interrupted(LEFT));
      case "decline":
        return screen.end(undefined);
      case "finish":
        return screen.end(command.answers);
    }
  }
  screen.open();
  if (state.questions.includes("agent")) void describeAll();
  async function describeAll(): Promise<void> {
    const resolver = bottleResolver(catalog);
    for (const entry of catalog.catalog.agents) {
      if (screen.isOver) return;
      const hint = await describeAgent(catalog, resolver, entry);
      await tell({ type: "described", agent: entry.name, hint });
    }
  }
  return await screen.ended;
}

/**
 * What opening an agent brings: its bottles, and what it starts with as things are.
 *
 * @throws BottleError when the agent's file cannot be used.
 */
export async function openedEvent(
  host: Host,
  catalog: WizardCatalog,
  agent: string,
  bottles: readonly string[],
): Promise<WizardEvent & { readonly type: "opened" }> {
  const opened = await openAgent(catalog, agent);
  return { type: "opened", opened, looked: await look(host, agent, bottles) };
}
