/** One header field; `name` is lower case, `raw` is the name as it was sent. */
export interface HeaderField {
  readonly name: string;
  readonly raw: string;
  readonly value: string;
}

/** Header fields in the order they were received. */
export type HeaderList = readonly HeaderField[];

/** A field written by the proxy itself. */
export function field(raw: string, value: string): HeaderField {
  return { name: raw.toLowerCase(), raw, value };
}

/** The value of the only or first field called `name` (lower case). */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  for (const header of headers) if (header.name === name) return header.value;
  return undefined;
}

/** Every value of `name` (lower case), in order. */
export function headerValues(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (const header of headers) if (header.name === name) values.push(header.value);
  return values;
}

/**
 * A field name as servers behind a CGI-like boundary read it: `X_Api_Key` and `X.Api.Key` both become the variable
 * that `X-Api-Key` becomes (RFC 3875 section 4.1.18), so what is refused or removed is looked up by this form.
 *
 * @param name lower case.
 */
export function foldedName(name: string): string {
  return /[^a-z0-9-]/.test(name) ? name.replace(/[^a-z0-9-]/g, "-") : name;
}

/** The members of a comma-separated list field, lower case, over all its lines (RFC 9110 section 5.6.1). */
export function listMembers(headers: HeaderList, name: string): string[] {
  const members: string[] = [];
  for (const value of headerValues(headers, name)) {
    for (const member of value.split(",")) {
      const trimmed = member.trim().toLowerCase();
      if (trimmed !== "") members.push(trimmed);
    }
  }
  return members;
}

/** Fields of one connection, never forwarded (RFC 9110 section 7.6.1), with the historical ones. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** The fields without those of the connection, and without those that `Connection` names. */
export function withoutHopByHop(headers: HeaderList): HeaderField[] {
  const named = listMembers(headers, "connection");
  return headers.filter(({ name }) => !HOP_BY_HOP.has(name) && !named.includes(name));
}
