import type { Forge } from "./forge.ts";

/**
 * GitLab (docs.gitlab.com/api/deploy_keys). Projects nest in groups; a project's path is one escaped segment. A public
 * key is unique over the instance; a key cannot push unless asked for.
 */
export const gitlab: Forge = {
  provider: "gitlab",
  label: "GitLab",
  scope: "the scope api, and the role Maintainer in the project",
  flat: false,
  // altssh.gitlab.com is GitLab's ssh on port 443.
  apiBase: (host) => `https://${host === "altssh.gitlab.com" ? "gitlab.com" : host}/api/v4`,
  headers: (token) => ({ "PRIVATE-TOKEN": token, Accept: "application/json" }),
  keysPath: (project) => `/projects/${encodeURIComponent(project)}/deploy_keys`,
  page: (number) => `?per_page=100&page=${number}`,
  creation: (title, publicKey) => ({ title, key: publicKey, can_push: true }),
  writable: ({ can_push }) => typeof can_push === "boolean" ? can_push : undefined,
  isCollision: (status, message) => status === 400 && /has already been taken/i.test(message),
};
