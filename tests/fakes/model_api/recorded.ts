/** One request that reached a fake. */
export interface Recorded {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Tokens that a fake said it used, all answers together. */
export interface ToldTokens {
  /** Of the prompts, with what came out of a cache. */
  input: number;
  cached: number;
  output: number;
}

/** What a fake saw; `faults` are requests that its API would not have understood. */
export class Requests {
  readonly requests: Recorded[] = [];
  readonly faults: string[] = [];
  readonly told: ToldTokens = { input: 0, cached: 0, output: 0 };

  async take(request: Request): Promise<Recorded> {
    const { pathname, search } = new URL(request.url);
    const recorded = {
      method: request.method,
      path: pathname + search,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    };
    this.requests.push(recorded);
    return recorded;
  }

  /** Notes what an answer says that it used; gives it back. */
  tell(answer: ToldTokens): ToldTokens {
    for (const name of ["input", "cached", "output"] as const) this.told[name] += answer[name];
    return answer;
  }

  /** Requests to a path, without its query. */
  to(path: string): Recorded[] {
    return this.requests.filter((request) => request.path.split("?")[0] === path);
  }

  /** Everything that was received, as one text. */
  text(): string {
    return JSON.stringify(this.requests);
  }
}

/** An answer of `text/event-stream`, one event after the other, and where the API has one, its last word. */
export function eventStream(
  events: readonly { event?: string; data: unknown }[],
  end?: string,
): Response {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const { event, data } of events) {
        const name = event === undefined ? "" : `event: ${event}\n`;
        controller.enqueue(encoder.encode(`${name}data: ${JSON.stringify(data)}\n\n`));
        await Promise.resolve();
      }
      if (end !== undefined) controller.enqueue(encoder.encode(`data: ${end}\n\n`));
      controller.close();
    },
  });
  return new Response(stream, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
  });
}
