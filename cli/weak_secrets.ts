import { type KnownSecret, strengthOf } from "../dlp/known/secret.ts";

/** A warning for each secret that cannot be guarded well: whoever chose it should know. Names, no values. */
export function weakSecretWarnings(secrets: readonly KnownSecret[]): string[] {
  return secrets.map(strengthOf).filter(({ strength }) => strength !== "strong").map(
    ({ name, strength, reason = "" }) => {
      const meaning = strength === "empty"
        ? "it is not looked for"
        : "it is looked for as it is only";
      return `the secret in ${name} is too weak to be guarded well (${reason}): ${meaning}`;
    },
  );
}
