import {
  FakeForge,
  type ForgeAnswer,
  type Handling,
  pageOf,
  parsePublicKey,
  type StoredKey,
} from "./fake_forge.ts";

const DOCS = "https://docs.github.com/rest/deploy-keys/deploy-keys";

/** GitHub (docs.github.com/rest/deploy-keys), or GitHub Enterprise Server, which differs by its prefix. */
export class FakeGithub extends FakeForge {
  protected readonly credentialHeader = "authorization";
  protected readonly credentialPrefix = "Bearer ";
  protected readonly accept = "application/vnd.github+json";
  protected override readonly requiredHeaders = { "x-github-api-version": "2022-11-28" };
  readonly prefix = "/api/v3";

  protected unauthorized(): ForgeAnswer {
    return this.#refusal(401, "Bad credentials");
  }

  #refusal(status: number, message: string, errors?: readonly unknown[]): ForgeAnswer {
    return {
      status,
      headers: { "X-GitHub-Media-Type": "github.v3; format=json" },
      json: {
        message,
        ...(errors === undefined ? {} : { errors }),
        documentation_url: DOCS,
        status: String(status),
      },
    };
  }

  protected handle(request: Handling): ForgeAnswer | undefined {
    const match = /^\/repos\/([^/]+)\/([^/]+)\/keys(?:\/(\d+))?$/.exec(request.path);
    if (match === null) return undefined;
    const project = `${decodeURIComponent(match[1]!)}/${decodeURIComponent(match[2]!)}`;
    const keys = this.repos.get(project);
    // A token without rights sees no repository, and one that may not administrate sees no keys.
    if (keys === undefined || request.permission === "none" || request.permission === "write") {
      return this.#refusal(404, "Not Found");
    }
    if (request.permission === "no-scope") {
      return this.#refusal(403, "Resource not accessible by personal access token");
    }
    const id = match[3] === undefined ? undefined : Number(match[3]);
    if (request.method === "GET" && id === undefined) return this.#list(keys, request.query);
    if (request.method === "POST" && id === undefined) {
      return this.#create(project, request.body ?? {});
    }
    if (request.method === "DELETE" && id !== undefined) {
      if (!keys.some((key) => key.id === id)) return this.#refusal(404, "Not Found");
      this.repos.set(project, keys.filter((key) => key.id !== id));
      return { status: 204 };
    }
    return undefined;
  }

  #list(keys: readonly StoredKey[], query: URLSearchParams): ForgeAnswer {
    for (const name of query.keys()) {
      if (!["page", "per_page"].includes(name)) return this.violation(`query ${name}`);
    }
    const { items, page, size, pages } = pageOf(keys, query, "per_page", 30, 100);
    // Links name the repository by its number, and are left out when there is one page.
    const link = (to: number, rel: string) =>
      `<${this.api}/repositories/17/keys?per_page=${size}&page=${to}>; rel="${rel}"`;
    const links = [
      ...(page > 1 ? [link(page - 1, "prev")] : []),
      ...(page < pages ? [link(page + 1, "next"), link(pages, "last")] : []),
      ...(page > 1 ? [link(1, "first")] : []),
    ];
    return {
      status: 200,
      ...(links.length === 0 ? {} : { headers: { Link: links.join(", ") } }),
      json: items.map((key) => this.#shown(key)),
    };
  }

  #create(project: string, body: Readonly<Record<string, unknown>>): ForgeAnswer {
    this.unknownFields(body, ["title", "key", "read_only"]);
    const { title, key, read_only = false } = body;
    const invalid = (message: string) =>
      this.#refusal(422, "Validation Failed", [
        { resource: "PublicKey", code: "custom", field: "key", message },
      ]);
    if (typeof read_only !== "boolean") return this.violation("read_only is no boolean");
    if (title !== undefined && typeof title !== "string") {
      return this.violation("title is no string");
    }
    const parsed = typeof key === "string" ? parsePublicKey(key) : undefined;
    if (parsed === undefined) {
      return invalid("key is invalid. You must supply a key in OpenSSH public key format");
    }
    const everywhere = [...this.repos.values()].flat();
    if (
      everywhere.some(({ blob }) => blob === parsed.blob) ||
      this.userKeys.has(`${parsed.type} ${parsed.blob}`)
    ) {
      return invalid("key is already in use");
    }
    const name = title ?? `${parsed.type} key`;
    const stored = this.store(project, name, { ...parsed, comment: "" }, !read_only);
    return {
      status: 201,
      headers: { Location: `${this.api}/repos/${project}/keys/${stored.id}` },
      json: this.#shown(stored),
    };
  }

  /** GitHub keeps no comment. */
  #shown({ id, title, type, blob, writable }: StoredKey) {
    return {
      id,
      key: `${type} ${blob}`,
      url: `${this.api}/repositories/17/keys/${id}`,
      title,
      verified: true,
      created_at: "2026-01-02T03:04:05Z",
      read_only: !writable,
      added_by: "ada",
      last_used: null,
      enabled: true,
    };
  }
}
