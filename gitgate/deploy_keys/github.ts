import type { Forge } from "./forge.ts";

/**
 * GitHub, GitHub Enterprise Cloud with data residency (`api.NAME.ghe.com`) and GitHub Enterprise Server
 * (docs.github.com/rest/deploy-keys). A public key is unique over all of GitHub, a title is not.
 */
export const github: Forge = {
  provider: "github",
  label: "GitHub",
  scope: 'the repository permission "Administration" (read and write)',
  flat: true,
  apiBase(host) {
    // ssh.github.com is GitHub's ssh on port 443.
    if (host === "github.com" || host === "ssh.github.com") return "https://api.github.com";
    return /^[^.]+\.ghe\.com$/.test(host) ? `https://api.${host}` : `https://${host}/api/v3`;
  },
  headers: (token) => ({
    Authorization: `Bearer ${token}`,
    Accept: "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
  }),
  keysPath: (project) => `/repos/${project.split("/").map(encodeURIComponent).join("/")}/keys`,
  page: (number) => `?per_page=100&page=${number}`,
  creation: (title, publicKey) => ({ title, key: publicKey, read_only: false }),
  writable: ({ read_only }) => typeof read_only === "boolean" ? !read_only : undefined,
  isCollision: (status, message) => status === 422 && /key is already in use/i.test(message),
};
