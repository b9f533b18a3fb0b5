import type { Buffer } from "node:buffer";
import type { HeaderList } from "./header_list.ts";
import type { Body } from "./http1/body.ts";
import { SecretMask, type SecretSet } from "./secret_mask.ts";

/** Header fields without secrets; a field is dropped whose name carries one. */
export function maskedHeaders(headers: HeaderList, secrets: SecretSet): HeaderList {
  // One search over everything: a secret is in few answers, and each search costs.
  if (!secrets.isIn(headers.map(({ raw, value }) => `${raw}\n${value}`).join("\n"))) return headers;
  return headers
    .filter(({ raw, name }) => !secrets.isIn(raw) && !secrets.isIn(name))
    .map((header) => ({ ...header, value: secrets.maskText(header.value) }));
}

/** A body without secrets: each is covered with asterisks, so its length holds. */
export class MaskedBody implements Body {
  readonly #inner: Body;
  readonly #mask: SecretMask;
  #flushed = false;

  constructor(inner: Body, secrets: SecretSet) {
    this.#inner = inner;
    this.#mask = new SecretMask(secrets);
  }

  get length(): number | null {
    return this.#inner.length;
  }

  get done(): boolean {
    return this.#inner.done && !this.#mask.holding;
  }

  async read(): Promise<Buffer | null> {
    for (;;) {
      const bytes = await this.#inner.read();
      if (bytes === null) {
        if (this.#flushed) return null;
        this.#flushed = true;
        const rest = this.#mask.flush();
        return rest.length === 0 ? null : rest;
      }
      const masked = this.#mask.push(bytes);
      if (masked.length > 0) return masked;
    }
  }
}
