import type { InitAnswers, NewBottle, NewProvider, NewRepo } from "./answers.ts";

/** The file of a new agent. */
export function agentText({ bottle, prompt }: InitAnswers): string {
  const name = typeof bottle === "string" ? bottle : bottle.name;
  return [
    "---",
    "# The bottle that it works in, unless start is given another one.",
    `bottle: ${scalar(name)}`,
    "# skills: [NAME]   folders of ~/.claude/skills that are copied in",
    "---",
    "",
    // The text below the second --- is the system prompt, all of it.
    ...(prompt === "" ? [] : [prompt]),
  ].join("\n").trimEnd() + "\n";
}

/** The file of a new bottle. What was not answered stands in it as a comment that shows how. */
export function bottleText(bottle: NewBottle): string {
  const { name, provider, allow, gitUser, repo } = bottle;
  const parents = bottle.extends;
  return [
    "---",
    "# What may be touched from this bottle; docs/manifest.md lists every key.",
    ...(parents.length === 0 ? [] : [`extends: [${parents.map(scalar).join(", ")}]`]),
    ...(provider === undefined ? [] : providerLines(provider)),
    "",
    ...gitLines(gitUser, repo),
    "",
    "# Hosts besides the agent's own API. What is not listed is denied.",
    ...(allow.length === 0
      ? [
        "# egress:",
        "#   routes:",
        "#     - host: docs.example.com",
        "#       matches: [{ methods: [GET, HEAD] }]",
      ]
      : [
        "# A route allows every request to its host; matches: [{ methods: [GET, HEAD] }] would narrow it.",
        "egress:",
        "  routes:",
        ...allow.map((host) => `    - host: ${scalar(host)}`),
      ]),
    "---",
    "",
    `Made by bot-bottle init. bot-bottle edit --bottle ${name} changes it.`,
  ].join("\n") + "\n";
}

function providerLines({ template, credential }: NewProvider): string[] {
  const lines = ["agent_provider:", `  template: ${scalar(template)}`];
  if (credential === undefined) return lines;
  if ("forwarded" in credential) {
    return [
      ...lines,
      "  # The login of this machine. It stays outside of the bottle.",
      "  forward_host_credentials: true",
    ];
  }
  return [
    ...lines,
    "  # The name of a variable of your environment. Its value stays outside of the bottle.",
    `  auth_token: ${scalar(credential.variable)}`,
  ];
}

function gitLines(user: NewBottle["gitUser"], repo: NewRepo | undefined): string[] {
  if (user === undefined && repo === undefined) {
    return [
      "# Who commits, and where may be pushed to.",
      "# git-gate:",
      "#   user: { name: Agent, email: agent@example.org }",
    ];
  }
  return [
    repo === undefined ? "# Who commits." : "# Who commits, and where may be pushed to.",
    "git-gate:",
    ...(user === undefined
      ? []
      : [`  user: { name: ${scalar(user.name)}, email: ${scalar(user.email)} }`]),
    ...(repo === undefined ? [] : repoLines(repo)),
  ];
}

function repoLines({ name, url, hostKey, keyFile, tokenVariable }: NewRepo): string[] {
  return [
    "  repos:",
    `    ${scalar(name)}:`,
    `      url: ${scalar(url)}`,
    ...(hostKey === undefined ? [] : [`      host_key: ${scalar(hostKey)}`]),
    ...(keyFile === undefined ? [] : [`      key: { provider: static, path: ${scalar(keyFile)} }`]),
    ...(tokenVariable === undefined
      ? []
      : [`      key: { provider: token, token_ref: ${scalar(tokenVariable)} }`]),
  ];
}

/** Words that YAML or its readers take for something else than text. */
const WORDS = /^(true|false|null|yes|no|on|off|y|n|~)$/i;

/** A text as a scalar of YAML, plain where that is plain in every place, else in double quotes as in JSON. */
export function scalar(text: string): string {
  const plain = /^[A-Za-z~][A-Za-z0-9 _./~@-]*(:\/\/[A-Za-z0-9_./~@:-]*[A-Za-z0-9_/-])?$/.test(
    text,
  );
  return plain && !WORDS.test(text) && !text.endsWith(" ") ? text : JSON.stringify(text);
}
