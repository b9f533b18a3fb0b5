import { deepEqual, match, throws } from "node:assert/strict";
import { BottleError } from "../../core/errors.ts";
import { apiProblem, forgeAddress } from "./forge_address.ts";
import { FORGES } from "./forges.ts";

const forge = (provider: string) => FORGES.get(provider)!;

Deno.test("forgeAddress() derives the API from the repository's URL, or takes the one given", () => {
  const rows: readonly [string, string, string | undefined, string, string][] = [
    [
      "gitea",
      "ssh://git@git.example.org/team/app.git",
      undefined,
      "https://git.example.org/api/v1",
      "team/app",
    ],
    [
      "gitea",
      "ssh://git@git.example.org:2222/team/app",
      undefined,
      "https://git.example.org/api/v1",
      "team/app",
    ],
    [
      "gitea",
      "ssh://git@Git.Example.org./team/app.git/",
      undefined,
      "https://git.example.org/api/v1",
      "team/app",
    ],
    [
      "gitea",
      "ssh://git@[2001:db8::1]:22/team/app.git",
      undefined,
      "https://[2001:db8::1]/api/v1",
      "team/app",
    ],
    [
      "gitea",
      "ssh://git@git.example.org/team/app.git",
      "https://web.example.org:8443/git/api/v1/",
      "https://web.example.org:8443/git/api/v1",
      "team/app",
    ],
    [
      "github",
      "ssh://git@github.com/team/app.git",
      undefined,
      "https://api.github.com",
      "team/app",
    ],
    [
      "github",
      "ssh://git@ssh.github.com:443/team/app.git",
      undefined,
      "https://api.github.com",
      "team/app",
    ],
    [
      "github",
      "ssh://git@acme.ghe.com/team/app.git",
      undefined,
      "https://api.acme.ghe.com",
      "team/app",
    ],
    [
      "github",
      "ssh://git@git.example.org/team/app.git",
      undefined,
      "https://git.example.org/api/v3",
      "team/app",
    ],
    [
      "gitlab",
      "ssh://git@gitlab.com/group/sub/app.git",
      undefined,
      "https://gitlab.com/api/v4",
      "group/sub/app",
    ],
    [
      "gitlab",
      "ssh://git@altssh.gitlab.com:443/group/app.git",
      undefined,
      "https://gitlab.com/api/v4",
      "group/app",
    ],
    [
      "gitlab",
      "ssh://git@git.example.org/group/my%20app.git",
      undefined,
      "https://git.example.org/api/v4",
      "group/my app",
    ],
  ];
  for (const [provider, url, api, base, project] of rows) {
    deepEqual(forgeAddress(forge(provider), "app", url, api), { api: base, project }, url);
  }
});

Deno.test("forgeAddress() refuses a path that is no repository of the forge", () => {
  for (
    const [provider, path] of [
      ["gitea", "/app.git"],
      ["gitea", "/a/b/c.git"],
      ["github", "/team//app"],
      ["github", "/team/.git"],
      ["gitlab", "/app"],
      ["gitlab", "/group/%2e%2e/app"],
      ["gitlab", "/group/a%0ab"],
      ["gitlab", "/group/a%2525"],
      ["gitea", "/team/%zz"],
    ] as const
  ) {
    throws(
      () => forgeAddress(forge(provider), "app", `ssh://git@git.example.org${path}`, undefined),
      (error) => {
        match((error as Error).message, /^Cannot use .+ for repository app: the path .+ is not/);
        return error instanceof BottleError && error.code === "forge_address" &&
          error.hint !== undefined;
      },
      path,
    );
  }
});

Deno.test("apiProblem() takes https URLs without credentials only, and never quotes them", () => {
  for (
    const good of [
      "https://git.example.org/api/v1",
      "https://10.0.0.5:3000/x/api/v1",
      "https://[2001:db8::1]/api/v4",
    ]
  ) {
    deepEqual(apiProblem(good), undefined, good);
  }
  for (
    const bad of [
      "http://git.example.org/api/v1",
      "https://user:hunter2@git.example.org/api/v1",
      "https://@git.example.org/",
      "https://git.example.org/api?x=hunter2",
      "https://git.example.org/api#hunter2",
      "https://git.example.org/api?",
      "https://git.example.org/a/../b",
      "https://git.example.org/a/%2e%2e/b",
      "https://git.example.org/a%2fb",
      "https://git.example.org\\@evil.example.com/",
      "https://git.example.org/a b",
      "https://git.example.org/a\r\nX: y",
      "https://-x.example.org/",
      "https://git\u3002example.org/",
      "https://",
      "//git.example.org",
    ]
  ) {
    const problem = apiProblem(bad);
    match(problem ?? "(accepted)", /^(must|is not|names no host)/, bad);
    deepEqual(problem?.includes("hunter2"), false);
  }
});
