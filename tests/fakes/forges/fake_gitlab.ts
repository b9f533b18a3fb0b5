import {
  FakeForge,
  type ForgeAnswer,
  type Handling,
  pageOf,
  parsePublicKey,
  type StoredKey,
} from "./fake_forge.ts";

/** GitLab: lib/api/deploy_keys.rb and spec/requests/api/deploy_keys_spec.rb of gitlabhq, docs.gitlab.com/api/deploy_keys. */
export class FakeGitlab extends FakeForge {
  protected readonly credentialHeader = "private-token";
  protected readonly credentialPrefix = "";
  protected readonly accept = "application/json";
  readonly prefix = "/api/v4";

  protected unauthorized(): ForgeAnswer {
    return { status: 401, json: { message: "401 Unauthorized" } };
  }

  protected handle(request: Handling): ForgeAnswer | undefined {
    const match = /^\/projects\/([^/]+)\/deploy_keys(?:\/(\d+))?$/.exec(request.path);
    if (match === null) return undefined;
    const project = decodeURIComponent(match[1]!);
    if (request.permission === "no-scope") {
      return {
        status: 403,
        json: {
          error: "insufficient_scope",
          error_description:
            "The request requires higher privileges than provided by the access token.",
          scope: "api",
        },
      };
    }
    const keys = this.repos.get(project);
    if (keys === undefined || request.permission === "none") {
      return { status: 404, json: { message: "404 Project Not Found" } };
    }
    if (request.permission === "write") return { status: 403, json: { message: "403 Forbidden" } };
    const id = match[2] === undefined ? undefined : Number(match[2]);
    if (request.method === "GET" && id === undefined) return this.#list(keys, request.query);
    if (request.method === "POST" && id === undefined) {
      return this.#create(project, keys, request.body ?? {});
    }
    if (request.method === "DELETE" && id !== undefined) {
      if (!keys.some((key) => key.id === id)) {
        return { status: 404, json: { message: "404 Deploy Key Not Found" } };
      }
      this.repos.set(project, keys.filter((key) => key.id !== id));
      return { status: 204 };
    }
    return undefined;
  }

  #list(keys: readonly StoredKey[], query: URLSearchParams): ForgeAnswer {
    for (const name of query.keys()) {
      if (!["page", "per_page"].includes(name)) return this.violation(`query ${name}`);
    }
    const { items, page, size, pages } = pageOf(keys, query, "per_page", 20, 100);
    const link = (to: number, rel: string) =>
      `<${this.api}/projects/17/deploy_keys?id=17&page=${to}&per_page=${size}>; rel="${rel}"`;
    const links = [
      ...(page > 1 ? [link(page - 1, "prev")] : []),
      ...(page < pages ? [link(page + 1, "next")] : []),
      link(1, "first"),
      link(pages, "last"),
    ];
    return {
      status: 200,
      headers: {
        "X-Next-Page": page < pages ? String(page + 1) : "",
        "X-Page": String(page),
        "X-Per-Page": String(size),
        "X-Prev-Page": page > 1 ? String(page - 1) : "",
        "X-Total": String(keys.length),
        "X-Total-Pages": String(pages),
        Link: links.join(", "),
      },
      json: items.map((key) => this.#shown(key)),
    };
  }

  #create(
    project: string,
    keys: readonly StoredKey[],
    body: Readonly<Record<string, unknown>>,
  ): ForgeAnswer {
    this.unknownFields(body, ["title", "key", "can_push", "expires_at"]);
    const { title, key, can_push = false } = body;
    const missing = [
      ...(typeof key === "string" ? [] : ["key is missing"]),
      ...(typeof title === "string" ? [] : ["title is missing"]),
    ];
    if (typeof key !== "string" || typeof title !== "string") {
      return { status: 400, json: { error: missing.join(", ") } };
    }
    if (typeof can_push !== "boolean") {
      return { status: 400, json: { error: "can_push is invalid" } };
    }
    const parsed = parsePublicKey(key);
    if (parsed === undefined) {
      return {
        status: 400,
        json: { message: { key: ["is invalid"], fingerprint_sha256: ["cannot be generated"] } },
      };
    }
    // The key is there already: it is shown, and nothing about it changes.
    const existing = keys.find(({ blob }) => blob === parsed.blob);
    if (existing !== undefined) return { status: 201, json: this.#shown(existing) };
    if (
      [...this.repos.values()].flat().some(({ blob }) => blob === parsed.blob) ||
      this.userKeys.has(`${parsed.type} ${parsed.blob}`)
    ) {
      return {
        status: 400,
        json: { message: { "deploy_key.fingerprint_sha256": ["has already been taken"] } },
      };
    }
    return { status: 201, json: this.#shown(this.store(project, title, parsed, can_push)) };
  }

  #shown({ id, title, type, blob, comment, writable, fingerprint }: StoredKey) {
    return {
      id,
      title,
      created_at: "2026-01-02T03:04:05.000Z",
      expires_at: null,
      key: `${type} ${blob} ${comment}`.trim(),
      fingerprint_sha256: fingerprint,
      can_push: writable,
    };
  }
}
