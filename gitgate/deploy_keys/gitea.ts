import type { Forge } from "./forge.ts";

/**
 * Gitea and Forgejo, whose deploy keys have the same API: `/api/v1/repos/{owner}/{repo}/keys` (routers/api/v1/repo/key.go
 * of both). Titles are unique per repository; the page size is clamped by the server (`MAX_RESPONSE_ITEMS`, 50).
 */
export const gitea: Forge = {
  provider: "gitea",
  label: "Gitea or Forgejo",
  scope: "the scope write:repository, of a user who is an administrator of the repository",
  flat: true,
  apiBase: (host) => `https://${host}/api/v1`,
  headers: (token) => ({ Authorization: `token ${token}`, Accept: "application/json" }),
  keysPath: (project) => `/repos/${project.split("/").map(encodeURIComponent).join("/")}/keys`,
  page: (number) => `?page=${number}&limit=50`,
  // Without read_only a key may write, but an explicit value cannot be misread.
  creation: (title, publicKey) => ({ title, key: publicKey, read_only: false }),
  writable: ({ read_only }) => typeof read_only === "boolean" ? !read_only : undefined,
  isCollision: (status, message) =>
    status === 422 &&
    /already been added|used as non-deploy key|same name already exists|title has been used/i
      .test(message),
};
