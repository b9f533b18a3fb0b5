/** File names of the host ↔ sidecar contract, relative to the contract directory. */
export const ContractPath = {
  sidecar: "config/sidecar.json",
  routes: "config/routes.yaml",
  generation: "config/generation",
  caCertificate: "config/ca.pem",
  caKey: "config/ca.key",
  queue: "queue",
  deployKeys: "deploy-keys",
  events: "events/events.jsonl",
} as const;
