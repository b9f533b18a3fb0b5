import assert from "node:assert/strict";
import { memoryFiles, type MemoryTree } from "./memory_files.ts";
import { mountSourceProblem, mountTarget, mountTargetProblem } from "./mount_rule.ts";
import { resolveMounts } from "./resolve_mounts.ts";
import { loadBottle, PLACES } from "./test_fixture.ts";

Deno.test("mountSourceProblem() refuses places that hold credentials, homes, sockets or the host itself", () => {
  const refused = [
    "/",
    "/.",
    "//",
    "/srv/..",
    "/home",
    "/home/",
    "/home/me",
    "/home/me/",
    "~",
    "~/",
    "~/.",
    "~/src/..",
    "/srv/../home/me",
    "~/.ssh",
    "~/.ssh/id_ed25519",
    "~/x/../.ssh",
    "~/.SSH",
    "/home/other/.ssh",
    "/srv/backup/.aws",
    "~/.aws",
    "~/.gnupg",
    "~/.kube",
    "~/.docker",
    "~/.netrc",
    "~/.npmrc",
    "~/.git-credentials",
    "~/.config",
    "~/.config/gcloud",
    "~/.config/gcloud/x",
    "~/.config/gh",
    "~/.local",
    "~/.local/share/keyrings",
    "~/.claude",
    "~/.codex",
    "~/.pi",
    "~/.pi/agent",
    "~/.gemini/oauth_creds.json",
    "/srv/backup/.Cursor",
    "~/.config/rclone/rclone.conf",
    "~/.bot-bottle",
    "~/.bot-bottle/state",
    "/run",
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/var/run",
    "/var",
    "/srv/docker.sock",
    "/srv/x.socket/y",
    "/proc",
    "/proc/self/root",
    "/sys",
    "/dev",
    "/dev/sda",
    "/etc",
    "/etc/shadow",
    "/root",
    "/root/data",
    "/var/lib/docker",
    "relative",
  ];
  for (const from of refused) {
    assert.notEqual(mountSourceProblem(from, PLACES), undefined, from);
  }
});

Deno.test("mountSourceProblem() allows plain folders", () => {
  for (
    const from of [
      "/srv/models",
      "~/datasets",
      "~/src/../datasets/",
      "/opt/toolchain",
      "/usr/share/dict",
      "~/ssh-notes",
      "~/.configs",
      "/home/me2/data",
      "/runner/x",
    ]
  ) assert.equal(mountSourceProblem(from, PLACES), undefined, from);
});

Deno.test("mountSourceProblem() knows an operator who is root, and a home folder elsewhere", () => {
  const root = { ...PLACES, userHome: "/root", home: "/opt/bb" };
  assert.equal(mountSourceProblem("/root/data", root), undefined);
  for (const from of ["/root", "~", "/home", "/opt", "/opt/bb/state", "~/.ssh"]) {
    assert.notEqual(mountSourceProblem(from, root), undefined, from);
  }
});

Deno.test("mountTargetProblem() refuses the bottle's own places", () => {
  for (
    const to of [
      "relative",
      "/",
      "/mnt/..",
      "/etc",
      "/etc/ssl",
      "/mnt/../etc",
      "/usr/bin",
      "/home/agent",
      "/home/agent/x",
      "/workspace",
      "/workspace/data",
      "/tmp/x",
      "/proc",
      "/opt",
      "/opt/agent/bin",
    ]
  ) assert.notEqual(mountTargetProblem(to), undefined, to);
  for (const to of ["/mnt/data", "/opt/data", "/srv/x/", "/data"]) {
    assert.equal(mountTargetProblem(to), undefined, to);
  }
  assert.equal(mountTarget("/mnt//x/../data/"), "/mnt/data");
});

Deno.test("a refused mount stops the start with its place", async () => {
  await assert.rejects(
    loadBottle("mounts:\n  - {from: ~/x/../.ssh, to: /mnt/keys}"),
    (error: Error) => {
      assert.match(
        error.message,
        /dev\.md:3:12: Cannot mount ~\/x\/\.\.\/\.ssh: \.ssh holds credentials/,
      );
      return true;
    },
  );
  await assert.rejects(loadBottle("mounts: [{from: /srv/a, to: /usr}]"), {
    code: "manifest_mount",
  });
});

Deno.test("two mounts at one place are refused", async () => {
  await assert.rejects(
    loadBottle("mounts:\n  - {from: /srv/a, to: /mnt/a}\n  - {from: /srv/b, to: /mnt//a/}"),
    (error: Error) => {
      assert.match(error.message, /dev\.md:4:\d+: .*already the place of a mount at .*dev\.md:3/);
      return true;
    },
  );
});

async function resolved(tree: MemoryTree, from: string) {
  const effective = await loadBottle(`mounts: [{from: "${from}", to: /mnt/x/}]`);
  return await resolveMounts(effective, memoryFiles(tree), PLACES);
}

Deno.test("resolveMounts() gives the real path", async () => {
  const tree = { "/srv/data/x": "", "/srv/link": { link: "data" }, "/home/me/d/y": "" };
  assert.deepEqual(await resolved(tree, "/srv/data"), [{ from: "/srv/data", to: "/mnt/x" }]);
  assert.deepEqual(await resolved(tree, "/srv/link"), [{ from: "/srv/data", to: "/mnt/x" }]);
  assert.deepEqual(await resolved(tree, "~/d"), [{ from: "/home/me/d", to: "/mnt/x" }]);
});

Deno.test("resolveMounts() refuses a link to a refused place, and a path that is not there", async () => {
  const tree = {
    "/home/me/.ssh/key": "",
    "/srv/keys": { link: "/home/me/.ssh" },
    "/srv/up": { link: "/home" },
  };
  for (const from of ["/srv/keys", "/srv/up", "/srv/up/me/.ssh", "/srv/nothing"]) {
    await assert.rejects(resolved(tree, from), { code: "manifest_mount", exit: 3 }, from);
  }
});

Deno.test("resolveMounts() refuses what is neither a file nor a folder", async () => {
  const effective = await loadBottle("mounts: [{from: /srv/pipe, to: /mnt/x}]");
  const files = {
    ...memoryFiles({ "/srv/pipe": "" }),
    kindOf: () => Promise.resolve("other" as const),
  };
  await assert.rejects(resolveMounts(effective, files, PLACES), /neither a file nor a folder/);
});
