import { setImmediate } from "node:timers/promises";
import type { ModelApiExtra } from "../../core/route.ts";
import { type Denial, deny } from "../denial.ts";
import { foldedName, type HeaderList, headerValues } from "../header_list.ts";
import { Refusal } from "../refusal.ts";
import { modelApiProblem, TEXTS, UnclearBody } from "./check.ts";
import { endpointRule } from "./endpoint.ts";
import { JsonRefused, type Outline, OutlineScanner } from "./json_outline.ts";
import type { RouteModelApi } from "./route_model_api.ts";

/** Bytes that are read before others get their turn: about a millisecond, thirty of one that is nothing but brackets. */
export const STEP = 128 * 1024;

/** A request to a model API as it would leave. */
export interface ModelRequest {
  readonly method: string;
  /** Canonical, without the query. */
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/**
 * Checks requests to model APIs before they leave: what their bodies ask the provider to do. One large body at a time,
 * in steps, so that it neither keeps others waiting nor fills the memory together with them.
 */
export class ModelApiCheck {
  #last: Promise<void> = Promise.resolve();

  /**
   * @param gone aborted when nobody waits for the request any more.
   * @throws Refusal `model_api_tool`, `model_api_endpoint` or `model_api_body`; or the reason of `gone`.
   */
  async check(
    api: RouteModelApi,
    request: ModelRequest,
    gone?: () => AbortSignal,
  ): Promise<void> {
    const { method, path, headers, body } = request;
    switch (endpointRule(api, method, path)) {
      case "pass":
        return;
      case "files":
        throw new Refusal(notAllowed("the endpoints for files", "files"));
      case "unknown":
        throw new Refusal(endpointDenial(method));
      case "bodiless":
        if (body.length > 0) throw unclear(`a ${method} request has no body there`);
        return;
      case "check":
        checkHeaders(headers);
    }
    const outline = body.length <= STEP ? await outlined(body) : await this.#inTurn(body, gone?.());
    try {
      const problem = modelApiProblem(api, outline);
      if (problem !== undefined) throw new Refusal(notAllowed(problem.asks, problem.needs));
    } catch (error) {
      if (error instanceof UnclearBody) throw unclear(error.message);
      throw error;
    }
  }

  #inTurn(body: Uint8Array, gone: AbortSignal | undefined): Promise<Outline> {
    const mine = this.#last.then(() => outlined(body, gone));
    this.#last = mine.then(() => {}, () => {}); // without the outline, which may be large
    return mine;
  }
}

async function outlined(body: Uint8Array, gone?: AbortSignal): Promise<Outline> {
  gone?.throwIfAborted();
  try {
    const scanner = new OutlineScanner(body, TEXTS);
    while (!scanner.advance(STEP)) {
      await setImmediate();
      gone?.throwIfAborted();
    }
    return scanner.outline;
  } catch (error) {
    if (error instanceof JsonRefused) throw unclear(error.message);
    throw error;
  }
}

/** The body must be what the check takes it for: JSON in UTF-8, in no content coding. @throws Refusal */
function checkHeaders(headers: HeaderList): void {
  for (const { name } of headers) {
    const folded = foldedName(name);
    if (folded !== name && (folded === "content-type" || folded === "content-encoding")) {
      throw unclear(`it has a header that can be read as ${folded}`);
    }
  }
  const types = headerValues(headers, "content-type");
  const isJson = types.length === 1 &&
    /^application\/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?[ \t]*$/i.test(types[0]!);
  if (!isJson) throw unclear("its content-type is not application/json");
  const codings = headerValues(headers, "content-encoding");
  if (codings.some((coding) => coding.trim().toLowerCase() !== "identity")) {
    throw unclear("it has a content coding");
  }
}

function notAllowed(asks: string, needs: ModelApiExtra): Denial {
  return {
    ...deny(
      "model_api_tool",
      `the request asks for what is done on the provider's side: ${asks}; this route's model_api.allow does not have ${needs}`,
    ),
    next: `do without it, or ask the operator to add ${needs} to model_api.allow of the route`,
  };
}

function endpointDenial(method: string): Denial {
  return deny(
    "model_api_endpoint",
    `this is no endpoint of the route's model API that is known for ${method}; its model_api.allow does not have hosted_tools`,
  );
}

function unclear(what: string): Refusal {
  return new Refusal(
    deny("model_api_body", `the body of a request to a model API must be plain JSON: ${what}`),
  );
}
