/** What a sign of injection asks of a route that blocks: `block` is severe, `warn` is a hint. */
export type InjectionSeverity = "block" | "warn";

/** One sign that a text talks to the agent rather than to its reader. Nothing in it quotes the text. */
export interface InjectionFinding {
  readonly rule: string;
  readonly severity: InjectionSeverity;
}
