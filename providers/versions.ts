import type { Platform } from "./provider.ts";
import pinned from "./versions.json" with { type: "json" };

/** One npm package, pinned by content: the integrity is a hash of its archive (W3C Subresource Integrity). */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/** What one provider's toolchain is made of. */
export interface PinnedToolchain extends Readonly<Record<Platform, readonly PinnedPackage[]>> {
  /** The CLI's own version, for people. */
  readonly version: string;
}

/** The pinned versions by provider. `scripts/propose-versions` proposes newer ones. */
export const VERSIONS: Readonly<Record<string, PinnedToolchain>> = pinned;
