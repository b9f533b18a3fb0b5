import { equal } from "node:assert/strict";
import { join } from "node:path/posix";
import { realPath } from "./real_path.ts";

Deno.test("realPath() follows links, also above a name that is not there yet", () => {
  const at = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    Deno.mkdirSync(join(at, "real"));
    Deno.symlinkSync("real", join(at, "link"));
    equal(realPath(at, "link"), join(at, "real"));
    equal(realPath("/", join(at, "link/new")), join(at, "real/new"));
    equal(realPath(at, "no/such/../folder"), join(at, "no/folder"));
  } finally {
    Deno.removeSync(at, { recursive: true });
  }
});
