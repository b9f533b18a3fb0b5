import { type LiveRoute, liveRouteSchema } from "../core/live_route.ts";
import { readRoutes } from "../core/routes_file.ts";
import type { TokenLookup } from "./credentials.ts";

/**
 * Parses and validates the `routes.yaml` that is enforced.
 *
 * @param file name for messages.
 * @throws BottleError `routes_*` with file, line, key and an excerpt; exit 3.
 */
export function parseRoutesFile(text: string, file: string, token: TokenLookup): LiveRoute[] {
  return readRoutes(text, file, {
    schema: liveRouteSchema,
    isSet: (tokenRef) => (token(tokenRef) ?? "") !== "",
    notSet: {
      reason: "is not set or empty",
      hint: (tokenRef) => `set ${tokenRef} in the environment of the proxy`,
    },
  });
}
