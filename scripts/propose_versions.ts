import { NPM_ENVIRONMENT } from "../cli/toolchain/npm_environment.ts";
import { printable, printableLine } from "../core/printable.ts";
import { packageProblem, versionProblem } from "../providers/pinned_version.ts";
import type { PackageChoice, Platform, Provider } from "../providers/provider.ts";
import { providerOf, PROVIDERS } from "../providers/registry.ts";
import { type PinnedPackage, type PinnedToolchain, VERSIONS } from "../providers/versions.ts";

const PLATFORMS: readonly Platform[] = ["linux-x64", "linux-arm64"];

/** Asks npm for a field of a package: `npm view SPEC FIELD --json`. */
export type View = (spec: string, field: string) => Promise<unknown>;

/**
 * The newest versions of a provider's packages, each with the hash of its archive. The registry is not believed: what
 * it says becomes names of folders and lines on a terminal.
 *
 * @throws Error when npm knows a package not, or not its hash; when one is not of the form that it must have; when the
 * platforms are not at the same versions.
 */
export async function newestToolchain(provider: Provider, view: View): Promise<PinnedToolchain> {
  const [x64, arm64] = await Promise.all(
    PLATFORMS.map((platform) => newestPackages(provider, platform, view)),
  );
  if (x64!.versions.join() !== arm64!.versions.join()) {
    throw new Error(
      `${provider.name} is at ${x64!.versions.join(" and ")} for linux-x64, and at ` +
        `${arm64!.versions.join(" and ")} for linux-arm64: ask again when both are there`,
    );
  }
  const [version] = x64!.versions;
  if (version === undefined) throw new Error(`${provider.name} has no packages`);
  return { version, "linux-x64": x64!.packages, "linux-arm64": arm64!.packages };
}

/** The packages for a platform, and their versions without what a platform adds. */
async function newestPackages(
  provider: Provider,
  platform: Platform,
  view: View,
): Promise<{ versions: string[]; packages: PinnedPackage[] }> {
  const found = await Promise.all(
    (provider.packages?.(platform) ?? []).map((choice) => newestPackage(choice, view)),
  );
  return {
    versions: found.map(({ version }) => version),
    packages: found.map(({ pinned }) => pinned),
  };
}

async function newestPackage(
  { name, range, suffix = "" }: PackageChoice,
  view: View,
): Promise<{ version: string; pinned: PinnedPackage }> {
  const found = await view(range === undefined ? name : `${name}@${range}`, "version");
  // A range gives all of its versions, in their order.
  const version: unknown = Array.isArray(found) ? found.at(-1) : found;
  const problem = versionProblem(version);
  if (typeof version !== "string" || problem !== undefined) throw new Error(`${name}: ${problem}`);
  const whole = `${version}${suffix}`;
  const integrity = await view(`${name}@${whole}`, "dist.integrity");
  const pinned = { name, version: whole, integrity: integrity as string };
  const wrong = packageProblem(pinned);
  if (wrong !== undefined) throw new Error(wrong);
  return { version, pinned };
}

/** What would change, a line for each package. */
export function differences(
  before: PinnedToolchain | undefined,
  after: PinnedToolchain,
): string[] {
  return PLATFORMS.flatMap((platform) =>
    after[platform].flatMap(({ name, version, integrity }) => {
      const old = before?.[platform].find((pinned) => pinned.name === name);
      if (old?.integrity === integrity) return [];
      const note = old?.version === version ? " (another archive under the same version!)" : "";
      return [`${name} on ${platform}: ${old?.version ?? "none"} → ${version}${note}`];
    })
  );
}

/** What npm gets of an environment: its settings and the way to the registry. */
export function npmEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => NPM_ENVIRONMENT.test(name)));
}

if (import.meta.main) {
  const [npm, ...words] = Deno.args;
  const write = words.includes("--write");
  const names = words.filter((word) => word !== "--write");
  const view: View = async (spec, field) => {
    const { code, stdout, stderr } = await new Deno.Command(npm!, {
      args: ["view", "--json", spec, field],
      clearEnv: true,
      env: npmEnvironment(Deno.env.toObject()),
    }).output();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`npm view ${spec}: ${printable(text.decode(stderr).trim())}`);
    return JSON.parse(text.decode(stdout));
  };
  const say = (line: string) =>
    Deno.stdout.writeSync(new TextEncoder().encode(`${printableLine(line)}\n`));
  const versions: Record<string, PinnedToolchain> = { ...VERSIONS };
  const chosen = names.length === 0 ? PROVIDERS : names.map((name) => providerOf(name));
  let changes = 0;
  for (const provider of chosen.filter(({ packages }) => packages !== undefined)) {
    const newest = await newestToolchain(provider, view);
    const lines = differences(versions[provider.name], newest);
    for (const line of lines) say(line);
    changes += lines.length;
    versions[provider.name] = newest;
  }
  if (changes === 0) say("every provider is at its newest version");
  else if (write) {
    const path = new URL("../providers/versions.json", import.meta.url);
    Deno.writeTextFileSync(path, `${JSON.stringify(versions, null, 2)}\n`);
    say("wrote providers/versions.json; run scripts/test providers before you commit it");
  }
}
