import { chat } from "./chat.ts";
import { clouds } from "./clouds.ts";
import { databases } from "./databases.ts";
import { forges } from "./forges.ts";
import { keys } from "./keys.ts";
import { modelProviders } from "./model_providers.ts";
import { monitoring } from "./monitoring.ts";
import { payment } from "./payment.ts";
import { registries } from "./registries.ts";
import { services } from "./services.ts";
import type { TokenPattern } from "./row.ts";

/** The pattern table by field. */
export const PATTERN_GROUPS: Readonly<Record<string, readonly TokenPattern[]>> = {
  clouds,
  forges,
  registries,
  "model providers": modelProviders,
  "chat and mail": chat,
  payment,
  monitoring,
  databases,
  keys,
  services,
};

/** Every row of the table. */
export const PATTERN_TABLE: readonly TokenPattern[] = Object.values(PATTERN_GROUPS).flat();
