import { Buffer } from "node:buffer";
import type { Scanner } from "../../dlp/scanner.ts";
import type { HeaderList } from "../header_list.ts";

/** How long a value that a host gave away may go back to it, in milliseconds. */
const LIFETIME = 10 * 60_000;
/** Most values that are remembered; the ones that were not seen for longest are forgotten first. */
const MOST = 4_096;
/** Largest answer that is looked at, in bytes. */
const LARGEST = 256 * 1024;
/** Fields by which servers give links and tokens away. */
const GIVING =
  /^(?:location|content-location|link|refresh|set-cookie|.*(?:token|key|secret|authorization).*)$/;
/** Kinds of answers in which they do. */
const TEXT =
  /^(?:text\/(?!event-stream)|application\/(?:[a-z0-9.+-]*\+)?(?:json|xml)\b|application\/x-www-form)/i;
/** What stands there is looked at, not what it decodes to. */
const AS_IT_IS = { depth: 0, bytes: 0, pieces: 0 };

/** Collects the text of one answer. */
export interface AnswerText {
  push(bytes: Uint8Array): void;
  /** The answer is complete: its values may be used from here on. */
  end(): void;
}

/**
 * Values that look like credentials and that an allowed host itself gave to the agent: a link that it signed, a token
 * that it issued. They may be used at that host again; it knows them already. Kept as keyed hashes.
 */
export class IssuedValues {
  readonly #seen = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Remembers that `host` gave the value with that fingerprint away. */
  add(host: string, fingerprint: string): void {
    const key = `${host} ${fingerprint}`;
    this.#seen.delete(key);
    this.#seen.set(key, this.#now() + LIFETIME);
    if (this.#seen.size > MOST) this.#seen.delete(this.#seen.keys().next().value!);
  }

  /** Whether `host` gave that value away in the last ten minutes. */
  has(host: string, fingerprint: string): boolean {
    const until = this.#seen.get(`${host} ${fingerprint}`);
    return until !== undefined && until > this.#now();
  }

  /**
   * Looks at the fields of an answer of `host`. What a link in `Location` carries may be used at its target too.
   *
   * @param isAllowed whether there is a route to a host name.
   */
  observe(
    host: string,
    headers: HeaderList,
    scanner: Scanner,
    isAllowed: (host: string) => boolean,
  ): void {
    for (const { name, value } of headers) {
      if (!GIVING.test(name)) continue;
      const target = name === "location" ? hostOf(value) : undefined;
      const hosts = target === undefined || target === host || !isAllowed(target)
        ? [host]
        : [host, target];
      this.#note(hosts, Buffer.from(value, "latin1"), scanner);
    }
  }

  /** Takes the body of an answer of `host`; undefined for one that gives no values away, or is too large. */
  observeBody(
    host: string,
    contentType: string,
    length: number | null,
    scanner: Scanner,
  ): AnswerText | undefined {
    if (!TEXT.test(contentType) || length === 0 || (length ?? 0) > LARGEST) return undefined;
    let chunks: Uint8Array[] | undefined = [];
    let size = 0;
    return {
      push: (bytes) => {
        size += bytes.length;
        if (size > LARGEST) chunks = undefined;
        else chunks?.push(bytes);
      },
      end: () => {
        if (chunks !== undefined) this.#note([host], Buffer.concat(chunks), scanner);
        chunks = undefined;
      },
    };
  }

  #note(hosts: readonly string[], bytes: Uint8Array, scanner: Scanner): void {
    for (const { detector, fingerprint } of scanner.scan(bytes, AS_IT_IS).matches) {
      if (detector !== "token_patterns" || fingerprint === undefined) continue;
      for (const host of hosts) this.add(host, fingerprint);
    }
  }
}

/** The host of an absolute link. */
function hostOf(location: string): string | undefined {
  try {
    const { protocol, hostname } = new URL(location);
    return protocol === "https:" || protocol === "http:" ? hostname : undefined;
  } catch {
    return undefined;
  }
}
