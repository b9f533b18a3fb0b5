import { BottleError, ExitCode } from "../core/errors.ts";
import type { EffectiveManifest } from "../manifest/effective.ts";
import { expandHome, type ManifestPlaces } from "../manifest/places.ts";
import { slotOf } from "../manifest/tokens.ts";
import type { GateKey, GateRepoSpec, GateSpec } from "./bottle/spec.ts";
import type { Host } from "./context.ts";

/** Where the system keeps its programs; a folder that somebody put in front of PATH does not decide. */
const SYSTEM_FOLDERS = ["/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/**
 * What the sidecar's push gate needs, or undefined without a repository.
 *
 * @throws BottleError `gate_tool` when git, ssh or gitleaks is missing: every push would be refused.
 */
export function gateSpec(
  effective: EffectiveManifest,
  places: ManifestPlaces,
  host: Pick<Host, "installation">,
): GateSpec | undefined {
  const repos = Object.entries(effective.bottle["git-gate"].repos);
  if (repos.length === 0) return undefined;
  const tool = (name: string, folders: readonly string[], hint: string): string => {
    const found = folders.map((folder) => `${folder}/${name}`).find(isFile);
    if (found !== undefined) return Deno.realPathSync(found);
    throw new BottleError(`Cannot start the git-gate: ${name} is not installed`, {
      code: "gate_tool",
      exit: ExitCode.cannotStart,
      hint,
    });
  };
  const tools = {
    git: tool("git", SYSTEM_FOLDERS, "install git"),
    ssh: tool("ssh", SYSTEM_FOLDERS, "install openssh-client"),
    gitleaks: tool("gitleaks", gitleaksFolders(host), "run scripts/install-gitleaks"),
  };
  return {
    tools,
    repos: repos.map(([name, repo]): GateRepoSpec => ({
      name,
      url: repo.url,
      hostKey: repo.host_key,
      refs: repo.refs,
      allowDelete: repo.allow_delete,
      allowForce: repo.allow_force,
      pushOptions: repo.push_options,
      key: gateKey(repo.key),
    })),
  };

  function gateKey(
    key: EffectiveManifest["bottle"]["git-gate"]["repos"][string]["key"],
  ): GateKey | undefined {
    if (key === undefined) return undefined;
    if (key.provider === "static") {
      return { provider: "static", path: expandHome(key.path, places.userHome) };
    }
    const slot = slotOf(effective, key.token_ref)!;
    return key.provider === "token"
      ? { provider: "token", slot }
      : { provider: key.provider, slot, variable: key.token_ref, api: key.api };
  }
}

/** The pinned gitleaks stands beside the pinned Deno; one that the system brings comes after. */
function gitleaksFolders({ installation }: Pick<Host, "installation">): string[] {
  const cache = installation.deno.split("/").slice(0, -2).join("/");
  const pinned: string[] = [];
  try {
    for (const { name } of Deno.readDirSync(cache)) {
      if (/^gitleaks-\d[\d.]*$/.test(name)) pinned.push(`${cache}/${name}`);
    }
  } catch {
    // Deno comes from elsewhere: there is no such folder, or it is not ours to read.
  }
  return [...pinned.sort().reverse(), ...SYSTEM_FOLDERS];
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
