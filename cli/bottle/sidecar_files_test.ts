import { deepEqual, equal } from "node:assert/strict";
import { sidecarConfigSchema } from "../../core/sidecar_config.ts";
import { parseStrictYaml } from "../../core/yaml.ts";
import { routesText, sidecarText } from "./sidecar_files.ts";
import { SEALED } from "./spec.ts";

Deno.test("sidecarText() is what the sidecar's own schema accepts", () => {
  const text = sidecarText("dev", "/run/egress.sock", {
    ...SEALED,
    log: 1,
    upstreamCa: "PEM",
    upstreamProxy: "http://proxy.example.com:3128",
    hosts: { "git.example.com": "10.0.0.5" },
  });
  const config = sidecarConfigSchema.parse(JSON.parse(text));
  deepEqual(config.listeners, { egress: { unix: "/run/egress.sock" } });
  equal(config.egress.upstream_ca, "config/upstream_ca.pem");
  equal(config.exit_on_stdin_eof, true);
});

Deno.test("routesText() is YAML of the safe subset, and an empty list for a sealed bottle", () => {
  deepEqual(parseStrictYaml(routesText(SEALED), "routes.yaml").value, { routes: [] });
});
