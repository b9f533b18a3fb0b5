import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { bottleLayout } from "./layout.ts";

Deno.test("bottleLayout() puts sockets below the home folder under the bottle's own name", () => {
  const layout = bottleLayout("/home/ada/.bot-bottle", 1000, "dev-k3x9a");
  equal(layout.sockets, "/home/ada/.bot-bottle/run/dev-k3x9a");
  equal(layout.contract, "/home/ada/.bot-bottle/state/dev-k3x9a/sidecar");
});

Deno.test("bottleLayout() keeps every socket path within what a unix socket can be bound to", () => {
  for (const home of ["/root/.bot-bottle", `/home/${"a".repeat(40)}/x`, `/${"ü".repeat(80)}`]) {
    for (const slug of ["a", "b".repeat(63)]) {
      const { sockets } = bottleLayout(home, 1000, slug);
      ok(new TextEncoder().encode(`${sockets}/egress.sock`).length <= 100, sockets);
    }
  }
});

Deno.test("bottleLayout() gives two bottles two socket folders, also where names are shortened", () => {
  const home = `/${"h".repeat(90)}`;
  const folders = ["one", "two"].map((slug) => bottleLayout(home, 7, slug).sockets);
  notEqual(folders[0], folders[1]);
  ok(folders.every((folder) => folder.startsWith("/tmp/bot-bottle-7/")));
  notEqual(folders[0], bottleLayout(`${home}x`, 7, "one").sockets);
  deepEqual(folders, ["one", "two"].map((slug) => bottleLayout(home, 7, slug).sockets));
});
