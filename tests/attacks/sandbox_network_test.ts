/**
 * Attacks on the bottle's missing network, named by their id in the catalogue of attack cases.
 *
 * A12, A15 to A21 are about the proxy and stand beside its tests.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { bubblewrapTest, hostAddresses } from "./sandbox_fixture.ts";

/** What bash says of a TCP connection: "open" or its error. */
const connect = (host: string, port: number) =>
  `timeout 2 bash -c 'exec 3<>/dev/tcp/${host}/${port} && echo open' 2>/dev/null || echo shut;`;

/** A server on every address of the host; the control shows that the host itself reaches it. */
async function hostServer(hostname: string) {
  const listener = Deno.listen({ hostname, port: 0 });
  const accepted = { count: 0 };
  void (async () => {
    try {
      for (;;) {
        (await listener.accept()).close();
        accepted.count++;
      }
    } catch {
      // Closed at the end of the test.
    }
  })();
  await Promise.resolve();
  return { port: (listener.addr as Deno.NetAddr).port, accepted, close: () => listener.close() };
}

for (const family of ["0.0.0.0", "::"]) {
  const id = family === "::" ? "A14" : "A11";
  bubblewrapTest(`${id} a bottle reaches no address of the host by ${family}`, async (test) => {
    const server = await hostServer(family);
    const loopback = family === "::" ? "::1" : "127.0.0.1";
    const own = hostAddresses().filter((one) => one.includes(":") === (family === "::"));
    try {
      (await Deno.connect({ hostname: loopback, port: server.port })).close(); // the control
      while (server.accepted.count < 1) await new Promise((resolve) => setTimeout(resolve, 5));
      const { stdout } = await test.sh(
        [loopback, ...own].map((one) => connect(one, server.port)).join("\n"),
      );
      assert.deepEqual(new Set(stdout.trim().split("\n")), new Set(["shut"]));
      assert.equal(server.accepted.count, 1);
    } finally {
      server.close();
    }
  });
}

bubblewrapTest("A11 a client that ignores the proxy variables finds no network", async (test) => {
  const { stdout } = await test.sh(`
    curl -s -m 3 --noproxy '*' http://1.1.1.1/; echo "noproxy $?"
    env -i /usr/bin/curl -s -m 3 https://example.com/; echo "env-i $?"
    NO_PROXY='*' no_proxy='*' curl -s -m 3 http://example.com/; echo "NO_PROXY $?"
    curl -s -m 3 --proxy '' http://93.184.216.34/; echo "empty $?"
    ${connect("1.1.1.1", 443)}
  `);
  // curl: 6 cannot resolve, 7 cannot connect
  assert.deepEqual(stdout.trim().split("\n"), [
    "noproxy 7",
    "env-i 6",
    "NO_PROXY 6",
    "empty 7",
    "shut",
  ]);
});

const PERL_UDP = `
  use Socket;
  socket(my $s, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
  for my $to (@ARGV) {
    my ($ip, $port) = split /:/, $to;
    my $sent = send($s, "x", 0, sockaddr_in($port, inet_aton($ip)));
    print defined $sent ? "sent" : "refused", "\\n";
  }`;

bubblewrapTest("A13 UDP goes nowhere: DNS, QUIC, multicast, broadcast", async (test) => {
  const { stdout } = await test.bottle.exec(
    ["perl", "-e", PERL_UDP, "8.8.8.8:53", "1.1.1.1:443", "224.0.0.251:5353", "192.0.2.255:9"],
    { inherit: false },
  );
  assert.deepEqual(stdout.trim().split("\n"), ["refused", "refused", "refused", "refused"]);
});

bubblewrapTest("A13 raw, packet, SCTP and ICMP sockets carry nothing out", async (test) => {
  const script = `
    for my $row (["raw", 2, 3, 1], ["packet", 17, 3, 768], ["icmp", 2, 2, 1], ["raw6", 10, 3, 58]) {
      my ($name, @how) = @$row;
      my $made = socket(my $s, $how[0], $how[1], $how[2]);
      my $sent = $made && send($s, "\\x08\\0\\xf7\\xff\\0\\0\\0\\0", 0,
        pack("S n C4 x8", 2, 0, 1, 1, 1, 1));
      print "$name ", ($sent ? "sent" : "refused"), "\\n";
    }
    my $sctp = socket(my $s, 2, 1, 132);
    print "sctp ", ($sctp && connect($s, pack("S n C4 x8", 2, 80, 1, 1, 1, 1)) ? "open" : "refused"), "\\n";`;
  const { stdout } = await test.bottle.exec(["perl", "-e", script], { inherit: false });
  assert.deepEqual(stdout.trim().split("\n"), [
    "raw refused",
    "packet refused",
    "icmp refused",
    "raw6 refused",
    "sctp refused",
  ]);
});

bubblewrapTest("A13 a name is not resolved by any resolver", async (test) => {
  const { stdout } = await test.sh(
    "getent hosts example.com; echo $?; getent ahosts example.com; echo $?; getent hosts localhost >/dev/null; echo $?",
  );
  assert.deepEqual(stdout.trim().split("\n"), ["2", "2", "0"]); // the control: localhost is known
});

bubblewrapTest(
  "A14 there is no interface, route or address but loopback, in either family",
  async (test) => {
    const { stdout } = await test.sh(
      "cut -d: -f1 /proc/net/dev | tail -n +3; cat /proc/net/route | tail -n +2; cut -d' ' -f6- /proc/net/if_inet6",
    );
    assert.deepEqual(stdout.trim().split(/\s+/), ["lo", "lo"]);
  },
);

bubblewrapTest("A22 metadata and link-local addresses are not there", async (test) => {
  const { stdout } = await test.sh(
    [
      "169.254.169.254",
      "169.254.170.2",
      "100.100.100.200",
      "168.63.129.16",
      "fd00:ec2::254",
      "fe80::1%lo",
    ]
      .map((one) => connect(one, 80)).join("\n"),
  );
  assert.deepEqual(new Set(stdout.trim().split("\n")), new Set(["shut"]));
});

bubblewrapTest(
  "A22 a bottle sees nothing of the sidecar but its sockets, and cannot add one",
  async (test) => {
    await Deno.writeTextFile(join(test.stateDir, "sidecar-secret"), "x");
    const { stdout } = await test.sh(`
    ls -A /opt/bot-bottle/sockets
    : > /opt/bot-bottle/sockets/new && echo wrote
    rm -f /opt/bot-bottle/sockets/egress.sock && echo removed
    mv /opt/bot-bottle/sockets /tmp/ && echo moved
    chmod 777 /opt/bot-bottle/sockets && echo opened
    find / -name sidecar-secret -not -path '/proc/*' 2>/dev/null`);
    assert.deepEqual(stdout.trim().split("\n"), ["egress.sock"]);
  },
);

bubblewrapTest(
  "A22 sockets of the host cannot be reached, by path or by abstract name",
  async (test) => {
    const abstractName = `bottle-test-${Deno.pid}`;
    const path = join(await Deno.makeTempDir({ prefix: "bottle-sock-" }), "host.sock");
    const server = new Deno.Command("perl", {
      args: [
        "-e",
        `use Socket; $| = 1;
       for my $name ("\\0$ARGV[0]", $ARGV[1]) {
         socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, pack("S a*", AF_UNIX, $name)) or die $!;
         listen($s, 5); push @keep, $s;
       }
       print "up\\n"; sleep 60`,
        abstractName,
        path,
      ],
      stdout: "piped",
    }).spawn();
    const reader = server.stdout.getReader();
    await reader.read();
    const client = `use Socket; for my $name ("\\0$ARGV[0]", $ARGV[1]) {
    socket(my $s, AF_UNIX, SOCK_STREAM, 0);
    print connect($s, pack("S a*", AF_UNIX, $name)) ? "open" : "shut", "\\n"; }`;
    try {
      const control = await new Deno.Command("perl", { args: ["-e", client, abstractName, path] })
        .output();
      assert.equal(new TextDecoder().decode(control.stdout), "open\nopen\n");
      const { stdout } = await test.bottle.exec(["perl", "-e", client, abstractName, path], {
        inherit: false,
      });
      assert.equal(stdout, "shut\nshut\n");
    } finally {
      await reader.cancel();
      server.kill("SIGKILL");
      await server.status;
      await Deno.remove(join(path, ".."), { recursive: true });
    }
  },
);
