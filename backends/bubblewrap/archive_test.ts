import assert from "node:assert/strict";
import { join } from "node:path";
import { packArchive, unpackArchive } from "./archive.ts";

const AGENT = Deno.uid() === 0 ? 1_900_000_001 : null;

/** An archive that a hostile tar could have made, by a script that runs in an empty folder. */
async function hostileArchive(script: string): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "hostile-" });
  try {
    const { success, stdout, stderr } = await new Deno.Command("/bin/sh", {
      args: ["-c", `mkdir in && cd in && ${script}`],
      cwd: folder,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return stdout;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function unpacked(archive: Uint8Array, look: (folder: string) => Promise<void>) {
  const outer = await Deno.makeTempDir({ prefix: "unpack-" });
  const folder = join(outer, "a");
  await Deno.mkdir(folder, { mode: 0o700 });
  try {
    await unpackArchive(archive, folder, AGENT).catch((error) =>
      assert.equal(error.code, "copy_failed")
    );
    assert.deepEqual([...Deno.readDirSync(outer)].map(({ name }) => name), ["a"]);
    await look(folder);
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
}

Deno.test("unpackArchive() gives back what packArchive() packed, owned by us", async () => {
  const source = await Deno.makeTempDir({ prefix: "pack-" });
  try {
    await Deno.writeTextFile(join(source, "file"), "text\n");
    await unpacked(await packArchive(join(source, "file")), async (folder) => {
      assert.equal(await Deno.readTextFile(join(folder, "file")), "text\n");
      assert.equal((await Deno.stat(join(folder, "file"))).uid, Deno.uid());
    });
  } finally {
    await Deno.remove(source, { recursive: true });
  }
});

Deno.test("unpackArchive() writes nothing outside of its folder for names with ..", async () => {
  const archive = await hostileArchive("echo x > ../escape && tar -cPf - ../escape");
  await unpacked(archive, async () => {});
});

Deno.test("unpackArchive() writes nothing through a link of the archive's own", async () => {
  const archive = await hostileArchive(
    "ln -s .. out && tar -cf - out > ../one && rm out && mkdir out && echo x > out/escape && " +
      "tar -cf ../two out/escape && tar -Af ../one ../two && cat ../one",
  );
  await unpacked(archive, async () => {});
});

Deno.test("unpackArchive() leaves no setuid bit and no pipe", async () => {
  const archive = await hostileArchive(
    "echo x > run && chmod 6755 run && mkdir d && chmod 1777 d && mkfifo pipe && tar -cf - .",
  );
  await unpacked(archive, async (folder) => {
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["d", "run"]);
    for (const name of names) {
      assert.equal((await Deno.lstat(join(folder, name))).mode! & 0o7000, 0, name);
    }
  });
});

if (AGENT !== null) {
  Deno.test("unpackArchive() as root makes no device", async () => {
    const archive = await hostileArchive("mknod disk b 8 0 && tar -cf - disk");
    await unpacked(archive, async (folder) => {
      await assert.rejects(Deno.lstat(join(folder, "disk")), Deno.errors.NotFound);
    });
  });
}
