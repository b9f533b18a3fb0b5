import type { YamlPath } from "./yaml.ts";

/** A path as people write it: `egress.routes[0].host`, `egress.hosts["git.example.com"]`. */
export function pathText(path: YamlPath): string {
  if (path.length === 0) return "The document";
  return path.map((step, index) => {
    if (typeof step === "number") return `[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
    return index === 0 ? step : `.${step}`;
  }).join("");
}
