import {
  type Application,
  type CommandContext,
  generateHelpTextForAllCommands,
} from "@stricli/core";
import { buildApp } from "./app.ts";
import type { Shell } from "./completions_command.ts";
import type { CliContext } from "./context.ts";

/** One command with its words and its long flags. */
interface Completion {
  readonly words: readonly string[];
  readonly flags: readonly string[];
}

/** `bot-bottle completions`: a script of fixed words, so that completing starts no process. */
export function completions(this: CliContext, _flags: unknown, shell: Shell): void {
  const known = commandTable();
  const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](known);
  this.process.stdout.write(script);
}

function commandTable(): Completion[] {
  // No command runs here, so the context that commands need does not matter.
  const app = buildApp(false) as unknown as Application<CommandContext>;
  return generateHelpTextForAllCommands(app).map(([route, help]) => ({
    words: route.split(" ").slice(1),
    flags: [...new Set([...help.matchAll(/--[a-z][a-z-]+/g)].map(([flag]) => flag))].sort(),
  })).filter(({ words }) => words.length > 0);
}

function nextWords(known: readonly Completion[], prefix: readonly string[]): string[] {
  const next = known.filter(({ words }) => prefix.every((word, i) => words[i] === word))
    .map(({ words }) => words[prefix.length]).filter((word) => word !== undefined);
  return [...new Set(next)].sort();
}

/** `case` arms from the words typed so far to what may follow. */
function arms(known: readonly Completion[]): string {
  const groups = [
    ...new Set(known.filter(({ words }) => words.length > 1).map((c) => c.words[0]!)),
  ];
  const lines = known.map(({ words, flags }) =>
    `    "${words.join(" ")}") words="${flags.join(" ")}" ;;`
  );
  for (const group of groups) {
    lines.push(`    "${group}") words="${nextWords(known, [group]).join(" ")}" ;;`);
  }
  lines.push(`    "") words="${nextWords(known, []).join(" ")}" ;;`);
  return lines.join("\n");
}

function bashScript(known: readonly Completion[]): string {
  return `_bot_bottle() {
  local current=\${COMP_WORDS[COMP_CWORD]} path="" words="" i
  for ((i = 1; i < COMP_CWORD && i < 3; i++)); do
    case \${COMP_WORDS[i]} in -*) break ;; esac
    path="\${path:+$path }\${COMP_WORDS[i]}"
  done
  case $path in
${arms(known)}
    *)
      path=\${path%% *}
      case $path in
${arms(known).replaceAll(/^/gm, "    ")}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _bot_bottle bot-bottle
`;
}

function zshScript(known: readonly Completion[]): string {
  return `#compdef bot-bottle
autoload -U +X bashcompinit && bashcompinit
${bashScript(known)}`;
}

function fishScript(known: readonly Completion[]): string {
  const lines = ["complete -c bot-bottle -f"];
  for (const word of nextWords(known, [])) {
    lines.push(`complete -c bot-bottle -n __fish_use_subcommand -a ${word}`);
  }
  for (const { words, flags } of known) {
    const [first, second] = words;
    let condition = `__fish_seen_subcommand_from ${first}`;
    if (second !== undefined) {
      lines.push(
        `complete -c bot-bottle -n "${condition}; and not __fish_seen_subcommand_from ${
          nextWords(known, [first!]).join(" ")
        }" -a ${second}`,
      );
      condition += `; and __fish_seen_subcommand_from ${second}`;
    }
    for (const flag of flags) {
      lines.push(`complete -c bot-bottle -n "${condition}" -l ${flag.slice(2)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
