import type { ModelApi, ModelApiExtra, RouteDocument } from "../../core/route.ts";

/** `model_api` of a route, ready to be evaluated. */
export interface RouteModelApi {
  readonly kind: ModelApi;
  readonly allow: ReadonlySet<ModelApiExtra>;
}

/** Compiles `model_api` of a route; undefined when it has none. */
export function routeModelApi(
  { model_api }: Pick<RouteDocument, "model_api">,
): RouteModelApi | undefined {
  if (model_api === undefined) return undefined;
  return { kind: model_api.kind, allow: new Set(model_api.allow) };
}
