import type { YamlPath } from "../core/yaml.ts";
import { parseEnvValue } from "./env_value.ts";
import type { SourcedScalar } from "./sourced.ts";

const SECRET_NAME =
  /TOKEN|SECRET|PASS|CREDENTIAL|PRIVATE|APIKEY|(^|_)KEY($|_)|(^|_)(AUTH|PAT|PWD|DSN)($|_)/i;
const HIDDEN = "(hidden)";

/** What people and scripts may see of a value: a literal that is named like a secret is hidden. */
export function shownValue(path: YamlPath, node: SourcedScalar): SourcedScalar["value"] {
  const { value } = node;
  if (typeof value !== "string") return value;
  const name = String(path.at(-1));
  if (path[0] === "env" && path.length === 2 && SECRET_NAME.test(name)) {
    const parsed = parseEnvValue(value);
    return "kind" in parsed && parsed.kind === "literal" ? HIDDEN : value;
  }
  if (path[0] === "agent_provider" && name === "api_key") return HIDDEN;
  return value;
}
