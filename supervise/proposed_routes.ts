import { type ProposedRoute, proposedRouteSchema } from "../core/live_route.ts";
import { readRoutes } from "../core/routes_file.ts";

/**
 * Parses and validates a proposed `routes.yaml`. Nothing is resolved and nothing is dialled. The file can hold
 * nothing but routes, so a proposal cannot change what is logged.
 *
 * @param file name for messages.
 * @param isSet whether the bottle was started with a credential of that name.
 * @throws BottleError `routes_*` with file, line, key and an excerpt.
 */
export function parseProposedRoutes(
  text: string,
  file: string,
  isSet: (tokenRef: string) => boolean,
): ProposedRoute[] {
  return readRoutes(text, file, {
    schema: proposedRouteSchema,
    isSet,
    notSet: {
      reason: "is no credential of this bottle",
      hint: () => "name only token_refs that the live routes.yaml has; a new one needs a new start",
    },
  });
}
