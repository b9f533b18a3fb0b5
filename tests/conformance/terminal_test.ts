/** The caller's terminal in a bottle: size, resize, Ctrl-C, Ctrl-Z and fg, and the terminal afterwards. */
import assert from "node:assert/strict";
import { spawn } from "@lydell/node-pty";
import { temporaryHome } from "./subject.ts";

const RUN_ONE = new URL("./run_one.ts", import.meta.url).pathname;

/** A shell with job control on a pty of its own, and what it printed. */
class Terminal implements Disposable {
  readonly #pty;
  #screen = "";
  #mark = 0;
  ended: number | undefined;

  constructor(shell: string, program: string, args: string[], columns = 100, rows = 30) {
    this.#pty = spawn(program, args, {
      cols: columns,
      rows,
      env: {
        PATH: Deno.env.get("PATH")!,
        HOME: "/tmp",
        PS1: "outer> ",
        TERM: "xterm",
        BOTTLE_TEST_SHELL: shell,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? "",
      },
    });
    this.#pty.onData((data) => this.#screen += data);
    this.#pty.onExit(({ exitCode }) => this.ended = exitCode);
  }

  type(text: string): void {
    this.#mark = this.#screen.length;
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows);
  }

  /** What appeared since the last {@linkcode type}, once it matches. */
  async shows(pattern: RegExp, patience = 30_000): Promise<string> {
    const start = performance.now();
    for (;;) {
      const since = this.#screen.slice(this.#mark);
      if (pattern.test(since)) return since;
      if (performance.now() - start > patience) {
        throw new Error(`Not seen: ${pattern}\n${JSON.stringify(this.#screen)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  [Symbol.dispose](): void {
    this.#pty.kill("SIGKILL");
  }
}

const command = (home: string, slug: string, argv: string) =>
  `${Deno.execPath()} run -A --quiet --no-config --no-lock --no-check ${RUN_ONE} ${home} ${slug} ${argv}`;

/** node-pty reads through handles that outlive a test. */
const options = { sanitizeOps: false, sanitizeResources: false };

function terminalTest(
  name: string,
  body: (terminal: Terminal, bottle: (argv: string) => string) => Promise<void>,
): void {
  // Job control differs between shells; /bin/sh is one of these on most systems.
  for (const shell of ["/bin/sh", "/bin/bash"]) {
    Deno.test({
      name: `${name} (${shell})`,
      ...options,
      async fn() {
        await using folder = await temporaryHome();
        using terminal = new Terminal(shell, "/bin/bash", ["--norc", "--noprofile", "-i"]);
        let count = 0;
        await terminal.shows(/outer> $/);
        await body(terminal, (argv) => command(folder.home, `tty${++count}`, argv));
        terminal.type("exit\r");
        await new Promise((resolve) => setTimeout(resolve, 100));
      },
    });
  }
}

terminalTest(
  "a bottle has the terminal's size and hears of a new one",
  async (terminal, bottle) => {
    terminal.type(
      bottle("sh -c 'trap \"stty size\" WINCH; stty size; tty; while :; do sleep 0.1; done'") +
        "\r",
    );
    await terminal.shows(/[\r\n]30 100\r/);
    terminal.resize(77, 22);
    await terminal.shows(/[\r\n]22 77\r/);
    terminal.type("\x03");
    await terminal.shows(/outer> $/);
  },
);

terminalTest(
  "Ctrl-C reaches the command, and the host waits for how it ends",
  async (terminal, bottle) => {
    terminal.type(
      bottle(
        "sh -c 'trap \"echo caught; sleep 0.3; exit 9\" INT; echo up; while :; do sleep 0.1; done'",
      ) + "; echo code=$?\r",
    );
    await terminal.shows(/[\n\r]up\r\n/);
    terminal.type("\x03");
    await terminal.shows(/caught[\s\S]*code=9/);
    terminal.type(bottle("sh -c 'echo up; sleep 20'") + "; echo code=$?\r");
    await terminal.shows(/[\n\r]up\r\n/);
    terminal.type("\x03");
    await terminal.shows(/code=130/);
  },
);

terminalTest("Ctrl-Z stops a bottle, fg goes on, twice", async (terminal, bottle) => {
  terminal.type(bottle("sh -c 'echo up; while read line; do echo got $line; done'") + "\r");
  await terminal.shows(/[\n\r]up\r\n/);
  for (const turn of ["one", "two"]) {
    terminal.type("\x1a");
    await terminal.shows(/Stopped[\s\S]*outer> $/);
    terminal.type("echo outer-$((40+2))\r");
    await terminal.shows(/outer-42/);
    terminal.type("fg\r");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    terminal.type(`${turn}\r`);
    await terminal.shows(new RegExp(`got ${turn}`));
  }
  terminal.type("\x04");
  await terminal.shows(/outer> $/);
});

terminalTest(
  "an interactive shell has job control of its own, and the outer shell has the terminal after it",
  async (terminal, bottle) => {
    terminal.type(bottle("bash --norc --noprofile -i") + "\r");
    const start = await terminal.shows(/bash-[\d.]+\$ $|agent|\$ $/);
    assert.doesNotMatch(start, /no job control|cannot set terminal process group/);
    terminal.type("sleep 30\r");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    terminal.type("\x1a");
    await terminal.shows(/Stopped\s+sleep 30/);
    terminal.type("jobs\r");
    await terminal.shows(/\[1\]\+?\s+Stopped\s+sleep 30/);
    terminal.type("fg\r");
    await terminal.shows(/sleep 30/);
    await new Promise((resolve) => setTimeout(resolve, 700));
    terminal.type("\x03");
    await terminal.shows(/\$ $/);
    terminal.type("cat\r");
    await new Promise((resolve) => setTimeout(resolve, 700));
    terminal.type("\x03");
    await terminal.shows(/\$ $/);
    terminal.type("echo inner=$?\r");
    await terminal.shows(/inner=130/);
    terminal.type("exit 5\r");
    await terminal.shows(/outer> $/);
    terminal.type("echo code=$?; read -p ask: x; echo got=$x\r");
    await terminal.shows(/code=5[\s\S]*ask:$/);
    terminal.type("typed\r");
    await terminal.shows(/got=typed/);
  },
);

terminalTest("a bottle in the background runs without the terminal", async (terminal, bottle) => {
  const command = bottle("sh -c 'sleep 0.3; echo done-in-background; exit 3'");
  terminal.type(command + " & wait $!; echo code=$?\r");
  await terminal.shows(/done-in-background\r\n[\s\S]*code=3/);
});

terminalTest(
  "a signal to the whole group ends the bottle alone, in a terminal too",
  async (terminal, bottle) => {
    terminal.type(bottle("perl -e 'kill \"KILL\", 0; sleep 5'") + "; echo code=$?\r");
    await terminal.shows(/code=137/);
    terminal.type("echo still-$((40+2))\r");
    await terminal.shows(/still-42/);
  },
);

terminalTest(
  "a script that goes on after a bottle still has the terminal",
  async (terminal, bottle) => {
    terminal.type(`sh -c '${bottle("true")}; printf ask:; read x; echo got=$x'\r`);
    await terminal.shows(/ask:$/);
    terminal.type("typed\r");
    await terminal.shows(/got=typed/);
  },
);

terminalTest("Ctrl-C in front of a pipe ends the command on its left", async (terminal, bottle) => {
  terminal.type(bottle("sh -c 'echo up; sleep 20'") + " | cat; echo codes=${PIPESTATUS[0]}\r");
  await terminal.shows(/[\n\r]up\r\n/);
  const start = performance.now();
  terminal.type("\x03");
  await terminal.shows(/outer> $/);
  assert.ok(performance.now() - start < 5000);
});

terminalTest(
  "input that a bottle leaves unread is not pushed into the outer shell",
  async (terminal, bottle) => {
    await using folder = await temporaryHome();
    const push =
      'perl -e \'open(T,"+<","/dev/tty"); for (split //, "echo pushed-\\$((1+1))\\n") { ioctl(T, 0x5412, $_) or print "refused " }\'';
    terminal.type(`cat > ${folder.home}/push.sh <<'X'\n${push}\nX\n`);
    await terminal.shows(/outer> $/);
    terminal.type(bottle(`sh -c "$(cat ${folder.home}/push.sh)"`) + "\r");
    await terminal.shows(/refused[\s\S]*outer> $/);
    await new Promise((resolve) => setTimeout(resolve, 700));
    const after = await terminal.shows(/outer> $/);
    assert.doesNotMatch(after, /pushed-2/);
  },
);
