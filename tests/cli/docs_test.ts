import { deepEqual, ok } from "node:assert/strict";
import {
  type Application,
  type CommandContext,
  generateHelpTextForAllCommands,
} from "@stricli/core";
import { buildApp } from "../../cli/app.ts";
import { ROOT } from "./support.ts";

Deno.test("docs/cli.md names every command and every flag", () => {
  const docs = Deno.readTextFileSync(`${ROOT}/docs/cli.md`);
  const commands = generateHelpTextForAllCommands(
    buildApp(false) as unknown as Application<CommandContext>,
  ).map(([route, help]) => [route.replace("bot-bottle ", ""), help] as const)
    .filter(([route]) => route !== "bot-bottle");
  ok(commands.length >= 12);
  const missing = commands.flatMap(([route, help]) => {
    const [name, part] = route.split(" ");
    const row = docs.split("\n").find((line) =>
      line.startsWith(`| \`${name}`) && (part === undefined || line.includes(part))
    ) ?? "";
    const flags = [
      ...new Set([...help.matchAll(/--[a-z][a-z-]+/g)].map(([flag]) =>
        flag
      )),
    ]
      .filter((flag) => !["--help", "--json", "--header"].includes(flag));
    return [row === "" ? route : "", ...flags.filter((flag) => !row.includes(flag))]
      .filter(Boolean).map((lack) => `${route}: ${lack}`);
  });
  deepEqual(missing, []);
});
