import { join } from "node:path/posix";
import { checksumLines, filesBelow } from "./checksums.ts";
import { CONTENTS } from "./contents.ts";
import { CHECKSUMS, type Toolchain } from "./folder.ts";

/** How an installed toolchain differs from what was installed: changed, missing and further files. */
export async function toolchainProblems({ folder }: Pick<Toolchain, "folder">): Promise<string[]> {
  const noted = parse(Deno.readTextFileSync(join(folder, CHECKSUMS)));
  const files = installedFiles(folder);
  const found = parse(await checksumLines(folder, files));
  return [
    ...[...noted].filter(([name]) => !found.has(name)).map(([name]) => `${name} is missing`),
    ...[...found].flatMap(([name, hash]) =>
      noted.get(name) === hash ? [] : [`${name} ${noted.has(name) ? "was changed" : "is new"}`]
    ),
  ];
}

/** Files that a toolchain is made of, without the lists of them. */
export function installedFiles(folder: string): string[] {
  return filesBelow(folder).files.filter((name) => name !== CHECKSUMS && name !== CONTENTS);
}

function parse(text: string): Map<string, string> {
  return new Map(
    text.split("\n").filter((line) => line !== "").map((
      line,
    ) => [line.slice(66), line.slice(0, 64)]),
  );
}
