import assert from "node:assert/strict";
import type { ProbeCheck } from "../core/probe.ts";
import { probe, probePlan } from "./probe.ts";

const nothing = { tcp: [], udp: [], names: [], patience: 500, sidecarPatience: 50 };

/** The probe's findings here, where there *is* a network; the walls' tests show the opposite. */
Deno.test("probe() says reachable for a port that answers and for one that refuses", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const open = await probe({ ...nothing, tcp: [`127.0.0.1:${port}`] }, []);
  listener.close();
  const refused = await probe({ ...nothing, tcp: [`127.0.0.1:${port}`] }, []);
  for (const report of [open, refused]) {
    const check = report.checks.find(({ what }) => what === `connect 127.0.0.1:${port}`);
    assert.deepEqual(check, {
      what: `connect 127.0.0.1:${port}`,
      expected: "unreachable",
      found: "reachable",
    });
    assert.equal(report.ok, false);
  }
});

Deno.test("probe() says reachable for a datagram that the kernel takes", async () => {
  // Datagrams are behind a flag in Deno; the relay has it, a test run has not.
  const module = new URL("./probe.ts", import.meta.url).href;
  const plan = JSON.stringify({ ...nothing, udp: ["127.0.0.1:9"] });
  const script = `const { probe } = await import("${module}");
    console.log(JSON.stringify((await probe(${plan}, [])).checks));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", "--no-lock", "--unstable-net", script],
  }).output();
  const checks = JSON.parse(new TextDecoder().decode(stdout)) as ProbeCheck[];
  assert.equal(checks.find(({ what }) => what.includes("UDP"))?.found, "reachable");
});

Deno.test("probe() says reachable for a name that resolves, although nothing listens", async () => {
  const report = await probe({ ...nothing, names: ["localhost"] }, []);
  assert.equal(report.checks.find(({ what }) => what === "resolve localhost")?.found, "reachable");
});

Deno.test("probe() says unreachable for a relay without a sidecar", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const report = await probe(nothing, [
    { port: listener.addr.port, socket: "/nonexistent/egress.sock" },
  ]);
  listener.close();
  assert.deepEqual(report.checks.find(({ expected }) => expected === "reachable"), {
    what: `relay 127.0.0.1:${listener.addr.port}`,
    expected: "reachable",
    found: "unreachable",
  });
  assert.equal(report.ok, false);
});

Deno.test("probe() waits for a sidecar that starts beside the bottle", async () => {
  const folder = await Deno.makeTempDir();
  const socket = `${folder}/egress.sock`;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const probing = probe({ ...nothing, sidecarPatience: 5000 }, [{
    port: listener.addr.port,
    socket,
  }]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const sidecar = Deno.listen({ transport: "unix", path: socket });
  assert.deepEqual((await probing).checks.filter(({ expected }) => expected === "reachable"), [{
    what: `relay 127.0.0.1:${listener.addr.port}`,
    expected: "reachable",
    found: "reachable",
  }]);
  sidecar.close();
  listener.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("probe() fails instead of finding walls when it may not try", async () => {
  const module = new URL("./probe.ts", import.meta.url).href;
  const plan = JSON.stringify({ ...nothing, tcp: ["1.1.1.1:443"] });
  const script = `const { probe } = await import("${module}");
    console.log(JSON.stringify((await probe(${plan}, [])).checks));`;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, script);
    const folder = new URL("..", import.meta.url).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-config",
        "--no-lock",
        "--no-prompt",
        "--unstable-net",
        "--allow-sys=networkInterfaces",
        `--allow-read=${folder}`,
        "--allow-import",
        path,
      ],
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "");
    assert.notEqual(code, 0);
    assert.match(new TextDecoder().decode(stderr), /NotCapable/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("probePlan() asks for every address of the host, IPv6 in brackets", () => {
  const { tcp } = probePlan(["192.0.2.7", "2001:db8::7", "fe80::7"]);
  assert.equal(tcp.some((address) => address.includes("fe80")), false); // needs a zone
  for (const wanted of ["192.0.2.7:22", "[2001:db8::7]:22", "169.254.169.254:80", "1.1.1.1:443"]) {
    assert.ok(tcp.includes(wanted), wanted);
  }
});
