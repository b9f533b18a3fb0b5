/** File names of the host ↔ sidecar contract, relative to the contract directory. */
export const ContractPath = {
  sidecar: "config/sidecar.json",
  routes: "config/routes.yaml",
  generation: "config/generation",
  /** The names of the credentials that the bottle was started with: a JSON list of texts. */
  tokens: "config/tokens.json",
  caCertificate: "config/ca.pem",
  caKey: "config/ca.key",
  queue: "queue",
  deployKeys: "deploy-keys",
  events: "events/events.jsonl",
} as const;
