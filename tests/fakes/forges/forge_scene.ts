import { randomBytes } from "node:crypto";
import net from "node:net";
import type { Clock } from "../../../core/clock.ts";
import type { DeployKeyEffects } from "../../../gitgate/deploy_keys/effects.ts";
import { pause } from "../../../gitgate/deploy_keys/effects.ts";
import type { DeployKeyProvisioner } from "../../../gitgate/deploy_keys/deploy_key.ts";
import { createHttpRequester } from "../../../gitgate/deploy_keys/http_requester.ts";
import { FORGES } from "../../../gitgate/deploy_keys/forges.ts";
import { createProvisioner } from "../../../gitgate/deploy_keys/provisioner.ts";
import { TestAuthority } from "../../support/test_authority.ts";
import type { FakeForge, Permission } from "./fake_forge.ts";
import { FakeGitea } from "./fake_gitea.ts";
import { FakeGithub } from "./fake_github.ts";
import { FakeGitlab } from "./fake_gitlab.ts";

/** The fakes by the provider that talks to them. */
const FAKES: Readonly<Record<string, new () => FakeForge>> = {
  gitea: FakeGitea,
  github: FakeGithub,
  gitlab: FakeGitlab,
};

/** The names of the forges that have a fake: all of them. */
export const PROVIDERS: readonly string[] = Object.keys(FAKES);

/** A clock that tests move. */
export class HandClock implements Clock {
  wall = Date.parse("2026-01-02T03:04:05Z");
  passed = 0;
  now(): Date {
    return new Date(this.wall + this.passed);
  }
  monotonic(): number {
    return this.passed;
  }
}

/** A token that no scanner of this repository takes for a real one, for it is made here and now. */
export function makeToken(): string {
  return `tok_${randomBytes(20).toString("hex")}`;
}

/** One fake forge with the repository `team/app`, and what reaches it over TLS. */
export class ForgeScene implements AsyncDisposable {
  readonly token = makeToken();
  readonly clock = new HandClock();
  /** Waits that were asked for, in milliseconds; they pass at once. */
  readonly pauses: number[] = [];
  readonly project = "team/app";

  private constructor(
    readonly provider: string,
    readonly forge: FakeForge,
    readonly authority: TestAuthority,
  ) {
    forge.repos.set(this.project, []);
    forge.tokens.set(this.token, "admin");
  }

  static async open(
    provider: string,
    authority = new TestAuthority(),
    certificateHost?: string,
  ): Promise<ForgeScene> {
    const forge = new FAKES[provider]!();
    await forge.listen(authority, certificateHost);
    return new ForgeScene(provider, forge, authority);
  }

  permit(permission: Permission): void {
    this.forge.tokens.set(this.token, permission);
  }

  get repo() {
    return { name: "app", project: this.project };
  }

  /** Keys of `team/app` at the forge. */
  get keys() {
    return this.forge.repos.get(this.project)!;
  }

  /** Method and path of every request so far. */
  get calls(): string[] {
    return this.forge.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** Effects with real connections to the fake, a clock that stands still and waits that take no time. */
  effects(budget = 30_000): DeployKeyEffects {
    return {
      request: createHttpRequester({
        extraCa: this.authority.pem,
        connect: (host, port, signal) => connectLoopback(host, port, signal, this.forge.host),
      }),
      clock: this.clock,
      pause: (ms, signal) => {
        this.pauses.push(ms);
        this.clock.passed += ms;
        return pause(0, signal);
      },
      createBudget: budget,
      revokeBudget: budget,
    };
  }

  provisioner(budget = 30_000, effects = this.effects(budget)): DeployKeyProvisioner {
    return createProvisioner({
      forge: FORGES.get(this.provider)!,
      api: this.forge.api,
      token: this.token,
      tokenName: "FORGE_TOKEN",
      budget,
      ...effects,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.forge[Symbol.asyncDispose]();
  }
}

function connectLoopback(host: string, port: number, signal: AbortSignal, only: string) {
  if (host !== only) return Promise.reject(new Error(`the test reaches ${only}, not ${host}`));
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>();
  const socket = net.connect({ host: "127.0.0.1", port });
  socket.once("connect", () => resolve(socket));
  socket.once("error", reject);
  signal.addEventListener("abort", () => socket.destroy(), { once: true });
  return promise;
}
