import assert from "node:assert/strict";
import { type GitService, gitService } from "./git_over_http.ts";

const CASES: readonly (readonly [string, string, GitService])[] = [
  ["/a.git/info/refs", "", "none"],
  ["/a.git/info/refs", "?service=git-upload-pack", "fetch"],
  ["/a.git/info/refs", "?service=git-receive-pack", "push"],
  ["/a.git/info/refs", "?service=git-upload-pack&service=git-receive-pack", "push"],
  ["/a.git/info/refs", "?service=git-receive-pack&service=git-upload-pack", "push"],
  ["/a.git/info/refs", "?x=1;service=git-receive-pack", "push"],
  ["/a.git/info/refs", "?SERVICE=GIT-RECEIVE-PACK", "push"],
  ["/a.git/info/refs", "?%73ervice=git%2dreceive%2dpack", "push"],
  ["/a.git/info/refs", "?service=git%25252dreceive-pack", "push"],
  ["/a.git/info/refs", "?+service=git-receive-pack", "push"],
  ["/a.git/info/refs", "?q=git-receive-pack", "none"],
  ["/a.git/info/refs", "?", "none"],
  ["/a.git/git-upload-pack", "", "fetch"],
  ["/a.git/git-receive-pack", "", "push"],
  ["/a.git/GIT-Receive-PACK", "", "push"],
  ["/a.git/git-receive-pack/x", "", "push"],
  ["/a.git/git%2Dreceive%2Dpack", "", "push"],
  ["/a.git/git-upload-archive", "", "none"],
];
for (const [path, query, service] of CASES) {
  Deno.test(`gitService() takes ${path}${query} for ${service}`, () => {
    assert.equal(gitService(path, query), service);
  });
}
