import * as z from "zod";
import { budgetField, hostPathField, shutdownField, upstreamProxyField } from "./field.ts";

/** Backends that settings and flags can name. */
export const BACKEND_NAMES = ["bubblewrap", "docker", "smolvm", "container"] as const;

/** `settings.yml`: what holds for every bottle of this host. */
export const settingsSchema = z.strictObject({
  backend: z.enum(BACKEND_NAMES).optional(),
  budget: budgetField.optional(),
  shutdown: shutdownField.optional(),
  upstream_ca: hostPathField.optional(),
  upstream_proxy: upstreamProxyField.optional(),
});

/** Parsed host settings; an absent key means the default. */
export type Settings = z.output<typeof settingsSchema>;
