import { randomSlug } from "../core/slug.ts";
import { chooseBackend } from "./choose_backend.ts";
import type { CliContext } from "./context.ts";
import type { RunFlags } from "./run_command.ts";
import { type BottleSpec, SEALED } from "./bottle/spec.ts";
import { checkProject } from "./bottle/copy_project.ts";
import { bottleLayout } from "./bottle/layout.ts";
import { runInBottle } from "./bottle/run_in_bottle.ts";
import { bottleHome } from "./home.ts";

/** `bot-bottle run`: one command in a bottle that is gone afterwards. */
export async function run(
  this: CliContext,
  flags: RunFlags,
  ...argv: string[]
): Promise<void> {
  const { host } = this;
  if (flags.cwd) checkProject(host);
  const given = Object.fromEntries(flags.env ?? []);
  const bottles = flags.bottle ?? [];
  const backend = chooseBackend(host, flags.backend);
  let spec: BottleSpec = { ...SEALED, env: given };
  if (bottles.length > 0) {
    const { chosenManifest, resolveSpec } = await import("./load_spec.ts");
    const { effective, places } = await chosenManifest(host, { bottles });
    spec = await resolveSpec(host, effective, places, given);
  } else if (host.terminal.stderr) {
    host.log.info("no --bottle: nothing is allowed out of this bottle");
  }
  const slug = randomSlug(bottles[0] ?? "run", host.random);
  const ended = await runInBottle(host, backend, {
    layout: bottleLayout(bottleHome(host), host.uid, slug),
    record: {
      version: 1,
      slug,
      backend: backend.name,
      bottles,
      started: host.clock.now().toISOString(),
      preserved: flags.keep,
    },
    spec,
    ...(flags.cwd ? { copyIn: host.cwd } : {}),
  }, {
    argv,
    ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
  });
  if (flags.keep) host.log.info(`kept as ${slug}; bot-bottle logs ${slug} shows its events`);
  this.exitWith(ended);
}
