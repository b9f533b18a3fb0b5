import type { PackageChoice, Platform, Provider } from "../providers/provider.ts";
import { providerOf, PROVIDERS } from "../providers/registry.ts";
import { type PinnedPackage, type PinnedToolchain, VERSIONS } from "../providers/versions.ts";

const PLATFORMS: readonly Platform[] = ["linux-x64", "linux-arm64"];

/** Asks npm for a field of a package: `npm view SPEC FIELD --json`. */
export type View = (spec: string, field: string) => Promise<unknown>;

/**
 * The newest versions of a provider's packages, each with the hash of its archive.
 *
 * @throws Error when npm knows a package not, or not its hash.
 */
export async function newestToolchain(provider: Provider, view: View): Promise<PinnedToolchain> {
  const pinned: Record<string, PinnedPackage[]> = {};
  let version = "";
  for (const platform of PLATFORMS) {
    const choices = provider.packages?.(platform) ?? [];
    const packages = await Promise.all(choices.map((choice) => newestPackage(choice, view)));
    const { version: own = "" } = packages[0] ?? {};
    version = own.replace(new RegExp(`${choices[0]?.suffix ?? ""}$`), "");
    pinned[platform] = packages;
  }
  return { version, "linux-x64": pinned["linux-x64"]!, "linux-arm64": pinned["linux-arm64"]! };
}

async function newestPackage(
  { name, range, suffix = "" }: PackageChoice,
  view: View,
): Promise<PinnedPackage> {
  const found = await view(range === undefined ? name : `${name}@${range}`, "version");
  // A range gives all of its versions, in their order.
  const newest = Array.isArray(found) ? found.at(-1) : found;
  const version = `${newest}${suffix}`;
  const integrity = await view(`${name}@${version}`, "dist.integrity");
  if (typeof newest !== "string" || typeof integrity !== "string") {
    throw new Error(`npm has no version of ${name} with a hash`);
  }
  return { name, version, integrity };
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

if (import.meta.main) {
  const [npm, ...words] = Deno.args;
  const write = words.includes("--write");
  const names = words.filter((word) => word !== "--write");
  const view: View = async (spec, field) => {
    const { code, stdout, stderr } = await new Deno.Command(npm!, {
      args: ["view", "--json", spec, field],
    }).output();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`npm view ${spec}: ${text.decode(stderr).trim()}`);
    return JSON.parse(text.decode(stdout));
  };
  const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
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
