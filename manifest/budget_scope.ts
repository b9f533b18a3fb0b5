import type { EffectiveManifest } from "./effective.ts";

/** One place that sets budgets. */
export interface BudgetScope {
  readonly scope: "agent" | "bottle" | "global";
  /** Name of the agent or bottle; empty for the global scope. */
  readonly name: string;
  /** Tokens per provider name. */
  readonly budget: Readonly<Record<string, number>>;
}

/** Every scope that sets a budget, the most specific first: agent, bottle, its parents, settings. */
export function budgetScopes(effective: EffectiveManifest): BudgetScope[] {
  const { agent, lineage, settings } = effective;
  const scopes: BudgetScope[] = [
    ...(agent === undefined
      ? []
      : [{ scope: "agent" as const, name: agent.name, budget: agent.budget }]),
    ...lineage.toReversed().map(({ name, budget }) => ({ scope: "bottle" as const, name, budget })),
    { scope: "global", name: "", budget: settings.budget ?? {} },
  ];
  return scopes.filter(({ budget }) => Object.keys(budget).length > 0);
}
