import {
  FakeForge,
  type ForgeAnswer,
  type Handling,
  pageOf,
  parsePublicKey,
  type StoredKey,
} from "./fake_forge.ts";

/** Gitea and Forgejo: routers/api/v1/repo/key.go and tests/integration/api_keys_test.go of go-gitea/gitea. */
export class FakeGitea extends FakeForge {
  protected readonly credentialHeader = "authorization";
  protected readonly credentialPrefix = "token ";
  protected readonly accept = "application/json";
  readonly prefix = "/api/v1";
  /** `MAX_RESPONSE_ITEMS` of the server. */
  mostPerPage = 50;

  protected unauthorized(): ForgeAnswer {
    return this.#refusal(401, "invalid username, password or token");
  }

  #refusal(status: number, message: string): ForgeAnswer {
    return { status, json: { message, url: `https://${this.host}/api/swagger` } };
  }

  protected handle(request: Handling): ForgeAnswer | undefined {
    const match = /^\/repos\/([^/]+)\/([^/]+)\/keys(?:\/(\d+))?$/.exec(request.path);
    if (match === null) return undefined;
    const project = `${decodeURIComponent(match[1]!)}/${decodeURIComponent(match[2]!)}`;
    const keys = this.repos.get(project);
    if (keys === undefined || request.permission === "none") {
      return { status: 404, json: { errors: null, message: "not found", url: "" } };
    }
    if (request.permission === "no-scope") {
      return this.#refusal(
        403,
        "token does not have at least one of required scope(s), required=[write:repository]",
      );
    }
    if (request.permission === "write") {
      return this.#refusal(
        403,
        "user should be an owner or a collaborator with admin write of a repository",
      );
    }
    const id = match[3] === undefined ? undefined : Number(match[3]);
    if (request.method === "GET" && id === undefined) {
      return this.#list(keys, request.query, project);
    }
    if (request.method === "POST" && id === undefined) {
      return this.#create(project, keys, request.body ?? {});
    }
    if (request.method === "DELETE" && id !== undefined) {
      // An unknown id is no error here (services/asymkey/deploy_key.go).
      this.repos.set(project, keys.filter((key) => key.id !== id));
      return { status: 204 };
    }
    return undefined;
  }

  #list(keys: readonly StoredKey[], query: URLSearchParams, project: string): ForgeAnswer {
    for (const name of query.keys()) {
      if (!["page", "limit", "fingerprint", "key_id"].includes(name)) {
        return this.violation(`query ${name}`);
      }
    }
    const wanted = query.get("fingerprint");
    const fitting = keys.filter(({ fingerprint }) => wanted === null || fingerprint === wanted);
    const { items } = pageOf(fitting, query, "limit", 30, this.mostPerPage);
    return {
      status: 200,
      headers: { "X-Total-Count": String(fitting.length) },
      json: items.map((key) => this.#shown(key, project)),
    };
  }

  #create(
    project: string,
    keys: readonly StoredKey[],
    body: Readonly<Record<string, unknown>>,
  ): ForgeAnswer {
    this.unknownFields(body, ["title", "key", "read_only"]);
    const { title, key, read_only = false } = body;
    if (typeof title !== "string" || title === "") return this.#refusal(422, "[Title]: Required");
    if (typeof key !== "string" || key === "") return this.#refusal(422, "[Key]: Required");
    if (typeof read_only !== "boolean") return this.violation("read_only is no boolean");
    const parsed = parsePublicKey(key);
    if (parsed === undefined) {
      return this.#refusal(422, "Invalid key content: ssh.ParsePublicKey: ssh: no key found");
    }
    if (keys.some(({ blob }) => blob === parsed.blob)) {
      return this.#refusal(422, "This key has already been added to this repository");
    }
    if (this.userKeys.has(`${parsed.type} ${parsed.blob}`)) {
      return this.#refusal(422, "Key content has been used as non-deploy key");
    }
    if (keys.some((other) => other.title === title)) {
      return this.#refusal(422, "A key with the same name already exists");
    }
    const stored = this.store(project, title, parsed, !read_only);
    return { status: 201, json: this.#shown(stored, project) };
  }

  #shown({ id, title, type, blob, comment, writable, fingerprint }: StoredKey, project: string) {
    return {
      id,
      key_id: id + 1000,
      key: `${type} ${blob} ${comment}`.trim(),
      url: `https://${this.host}/api/v1/repos/${project}/keys/${id}`,
      title,
      fingerprint,
      created_at: "2026-01-02T03:04:05Z",
      read_only: !writable,
    };
  }
}
