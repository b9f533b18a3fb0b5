import { deepEqual, equal } from "node:assert/strict";
import { sidecarConfigSchema } from "../../core/sidecar_config.ts";
import { parseStrictYaml } from "../../core/yaml.ts";
import { routesText, sidecarText } from "./sidecar_files.ts";
import { SEALED } from "./spec.ts";

Deno.test("sidecarText() is what the sidecar's own schema accepts", () => {
  const text = sidecarText("dev", "/run/dev", {
    ...SEALED,
    log: 1,
    upstreamCa: "PEM",
    upstreamProxy: "http://proxy.example.com:3128",
    hosts: { "git.example.com": "10.0.0.5" },
  });
  const config = sidecarConfigSchema.parse(JSON.parse(text));
  deepEqual(config.listeners, { egress: { unix: "/run/dev/egress.sock" } });
  equal(config.egress.upstream_ca, "config/upstream_ca.pem");
  equal(config.exit_on_stdin_eof, true);
});

Deno.test("sidecarText() names slots and files of the gate's credentials, and tells what to make at a forge", () => {
  const repo = {
    hostKey: "ssh-ed25519 AAAA",
    refs: undefined,
    allowDelete: undefined,
    allowForce: true,
    pushOptions: ["ci.skip"],
  };
  const text = sidecarText("dev", "/run/dev", {
    ...SEALED,
    services: ["git-gate"],
    gate: {
      tools: { git: "/usr/bin/git", ssh: "/usr/bin/ssh", gitleaks: "/opt/gitleaks" },
      repos: [
        {
          ...repo,
          name: "app",
          url: "ssh://git@git.example.com/app.git",
          key: { provider: "static", path: "/home/ada/.ssh/app" },
        },
        {
          ...repo,
          name: "site",
          hostKey: undefined,
          url: "https://git.example.com/site.git",
          key: { provider: "token", slot: "EGRESS_TOKEN_0" },
        },
        {
          ...repo,
          name: "lib",
          url: "ssh://git@git.example.com/lib.git",
          key: {
            provider: "gitea",
            slot: "EGRESS_TOKEN_1",
            variable: "GITEA_TOKEN",
            api: undefined,
          },
        },
      ],
    },
  });
  const { listeners, gitgate, deploy_keys } = sidecarConfigSchema.parse(JSON.parse(text));
  deepEqual(listeners.git, { unix: "/run/dev/git.sock" });
  deepEqual(
    gitgate?.repos.map(({ name, identity_file, token_ref }) => [name, identity_file, token_ref]),
    [["app", "/home/ada/.ssh/app", undefined], ["site", undefined, "EGRESS_TOKEN_0"], [
      "lib",
      undefined,
      undefined,
    ]],
  );
  deepEqual(
    gitgate?.repos.map(({ allow_delete, allow_force, push_options }) => [
      allow_delete,
      allow_force,
      push_options,
    ])[0],
    [false, true, ["ci.skip"]],
  );
  deepEqual(deploy_keys, [{
    repo: "lib",
    provider: "gitea",
    token_ref: "EGRESS_TOKEN_1",
    variable: "GITEA_TOKEN",
  }]);
});

Deno.test("routesText() is YAML of the safe subset, and an empty list for a sealed bottle", () => {
  deepEqual(parseStrictYaml(routesText(SEALED), "routes.yaml").value, { routes: [] });
});
