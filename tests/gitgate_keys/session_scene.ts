import type { EventFields } from "../../core/event.ts";
import type { DeployKeyDeps, DeployKeyRepo } from "../../gitgate/deploy_keys/session.ts";
import { type DeployKeyRecord, DeployKeyRecords } from "../../gitgate/deploy_keys/records.ts";
import type { ForgeScene } from "../fakes/forges/forge_scene.ts";

/** Folders, events and warnings of one bottle whose repositories are at fake forges. */
export class SessionScene implements Disposable {
  readonly events: EventFields[] = [];
  readonly warnings: string[] = [];
  readonly #folder = Deno.makeTempDirSync({ prefix: "bot-bottle-test-" });

  get recordFolder(): string {
    return `${this.#folder}/deploy-keys`;
  }

  get identityFolder(): string {
    return `${this.#folder}/identities`;
  }

  /** Names of the files with private keys. */
  get identities(): string[] {
    return names(this.identityFolder);
  }

  get records(): readonly DeployKeyRecord[] {
    return new DeployKeyRecords(this.recordFolder).read().records;
  }

  deps(scene: ForgeScene, more: Partial<DeployKeyDeps> = {}): DeployKeyDeps {
    return {
      ...scene.effects(),
      slug: "dev-x2y3z",
      recordFolder: this.recordFolder,
      identityFolder: this.identityFolder,
      record: (event) => this.events.push(event),
      warn: (message) => this.warnings.push(message),
      ...more,
    };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** The repository `team/app` of a fake forge, as the sidecar is given it. */
export function repoAt(scene: ForgeScene, name: string): DeployKeyRepo {
  return {
    name,
    url: `ssh://git@${scene.forge.host}/team/app.git`,
    provider: scene.provider,
    tokenRef: `${scene.provider.toUpperCase()}_TOKEN`,
    token: scene.token,
    api: scene.forge.api,
  };
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
