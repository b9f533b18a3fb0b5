/** The policy that `bypass.jsonl` assumes, as routes. */
export const POLICY_ROUTES = [
  {
    host: "example.com",
    insecure_http: true,
    matches: [{ paths: [{ value: "/v1/" }], methods: ["GET", "POST"] }],
  },
  { host: "*.allowed.example" },
  {
    host: "api.github.com",
    matches: [{ paths: [{ value: "/repos/acme/app/" }], methods: ["GET"] }],
  },
  {
    host: "github.com",
    git: { fetch: true },
    matches: [{ paths: [{ value: "/acme/app.git/" }], methods: ["GET", "POST"] }],
  },
] as const;

/** Hosts of the policy that a tunnel can be opened to. */
export const POLICY_HOSTS = [
  "example.com",
  "a.b.allowed.example",
  "_x.allowed.example",
  "a.allowed.example",
  "b.allowed.example",
  "api.github.com",
  "github.com",
] as const;
