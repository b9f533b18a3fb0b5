import { deepEqual, equal } from "node:assert/strict";
import {
  gitUserOf,
  gitUserProblem,
  hostKeyProblem,
  hostsOf,
  hostsProblem,
  keyFileProblem,
  nameProblem,
  repoNameOf,
  repoProblem,
  repoUrlOf,
  variableProblem,
} from "./answers.ts";

for (
  const [check, good, bad] of [
    [nameProblem, ["dev", "a-1"], ["", "Dev", "1a", "a_b", "a/b", "../a", "a.md", "a\n"]],
    [variableProblem, ["TOKEN", "_a1"], ["", "sk-ant-x", "A B", "$A", "A=b", "A\n"]],
    [hostsProblem, ["", "docs.example.com, *.example.org"], ["https://a.example", "*", "a b/c"]],
    [gitUserProblem, ["", "Ada Doe <ada@example.org>"], ["Ada", "<a@b>", "Ada <a b@c>", "A <a>"]],
    [
      repoProblem,
      ["git@git.example.org:team/app.git", "ssh://git@git.example.org:2222/app", "https://h.org/a"],
      [
        "",
        "/srv/app",
        "https://u:p@h.org/a",
        "ssh://-oProxyCommand=x/a",
        "git@h:a b",
        "http://h/a",
      ],
    ],
    [hostKeyProblem, ["ssh-ed25519 AAAA"], ["", "AAAA", "git.example.org ssh-ed25519 AAAA"]],
    [keyFileProblem, ["/srv/key", "~/.ssh/key"], ["", "key", "~key", "/a\nb"]],
  ] as const
) {
  Deno.test(`${check.name}() takes ${JSON.stringify(good)} and nothing like ${JSON.stringify(bad)}`, () => {
    for (const text of good) equal(check(text), undefined, text);
    for (const text of bad) equal(typeof check(text), "string", text);
  });
}

Deno.test("variableProblem() does not repeat what may be a credential", () => {
  const value = ["sk", "ant", "api03", "x".repeat(20)].join("-");
  equal(variableProblem(value)?.includes("api03"), false);
});

Deno.test("hostsOf() splits at blanks and commas and drops repetitions", () => {
  deepEqual(hostsOf(" a.example, b.example  a.example,"), ["a.example", "b.example"]);
});

Deno.test("gitUserOf() parts a name from its address", () => {
  deepEqual(gitUserOf(" Ada Doe  <ada@example.org> "), {
    name: "Ada Doe",
    email: "ada@example.org",
  });
});

Deno.test("repoUrlOf() writes git's short form as a URL, and leaves a URL as it is", () => {
  for (
    const [short, url] of [
      ["git@git.example.org:team/app.git", "ssh://git@git.example.org/team/app.git"],
      ["git@git.example.org:/srv/app", "ssh://git@git.example.org/srv/app"],
      ["ssh://git@git.example.org:22/app", "ssh://git@git.example.org:22/app"],
      ["https://git.example.org/app", "https://git.example.org/app"],
    ] as const
  ) equal(repoUrlOf(short), url);
});

Deno.test("repoNameOf() gives a name that a manifest takes, whatever the path is", () => {
  for (
    const [url, name] of [
      ["ssh://git@git.example.org/team/app.git", "app"],
      ["https://git.example.org/team/app/", "app"],
      ["https://git.example.org/~ada/%20x", "20x"],
      ["https://git.example.org/...", "repo"],
    ] as const
  ) equal(repoNameOf(url), name);
});
