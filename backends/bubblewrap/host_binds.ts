import { basename, dirname, join } from "node:path";
import { BottleError, ExitCode, messageOf } from "../../core/errors.ts";
import type { BottlePlan } from "../backend.ts";
import { BottlePath } from "../bottle_paths.ts";
import type { Bind, Walls } from "./arguments.ts";
import { etcFiles, HOST_ETC, isJavaConfiguration } from "./etc.ts";
import { mountBind, type MountSource } from "./mounts.ts";

/** `/bin` and its kind as the host has them. */
export function rootEntries(): Walls["rootEntries"] {
  const entries: { path: string; link: string | null }[] = [];
  for (const path of ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]) {
    try {
      const link = Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : null;
      entries.push({ path, link });
    } catch {
      // This system has none.
    }
  }
  return entries;
}

/** Writes the bottle's /etc and returns its binds: the folder, and what of the host's /etc shows in it. */
export async function writeEtc(plan: BottlePlan, folder: string): Promise<Bind[]> {
  const put = async (path: string, content: string) => {
    const target = join(folder, path.slice("/etc/".length));
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.writeTextFile(target, content);
  };
  const files = Object.entries(etcFiles(plan.slug, plan.caPem, plan.gitConfig));
  for (const [path, content] of files) await put(path, content);
  const binds: Bind[] = [{ from: folder, to: "/etc", writable: false }];
  const java = [...Deno.readDirSync("/etc")].map(({ name }) => name).filter(isJavaConfiguration);
  for (const name of [...HOST_ETC, ...java]) {
    const to = `/etc/${name}`;
    try {
      const from = Deno.realPathSync(to);
      if (Deno.statSync(from).isDirectory) {
        await Deno.mkdir(join(folder, name), { recursive: true });
      } else await put(to, "");
      binds.push({ from, to, writable: false });
    } catch {
      // This system has none, or it is not ours to read.
    }
  }
  return binds;
}

/** The relay's files: one bundle, or its source beside the other relay and probe sources. */
export function relayBinds(script: string): { script: string; binds: Bind[] } {
  const real = Deno.realPathSync(script);
  if (!real.endsWith(".ts")) {
    const to = `${BottlePath.own}/relay.js`;
    return { script: to, binds: [{ from: real, to, writable: false }] };
  }
  const to = `${BottlePath.own}/relay`;
  return {
    script: `${to}/${basename(real)}`,
    binds: [{ from: dirname(real), to, writable: false }],
  };
}

/** The agent CLI, wherever bot-bottle's folder of them really is. */
export function toolchainBinds({ toolchain }: Pick<BottlePlan, "toolchain">): Bind[] {
  if (toolchain === undefined) return [];
  return [{ from: Deno.realPathSync(toolchain), to: BottlePath.toolchain, writable: false }];
}

export async function mountBinds(
  plan: BottlePlan,
  operatorHome: string,
  stateHome: string,
): Promise<Bind[]> {
  const binds: Bind[] = [];
  for (const mount of plan.mounts) {
    let source: MountSource;
    try {
      const realPath = await Deno.realPath(mount.from);
      const { isFile, isDirectory } = await Deno.stat(realPath);
      source = { realPath, kind: isFile ? "file" : isDirectory ? "folder" : "other" };
    } catch (error) {
      throw new BottleError(`Cannot mount "${mount.from}": ${messageOf(error)}`, {
        code: "bad_mount",
        exit: ExitCode.manifest,
      });
    }
    binds.push(mountBind(mount, source, operatorHome, stateHome));
  }
  return binds;
}
