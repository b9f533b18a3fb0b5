import { Buffer } from "node:buffer";
import type { Match } from "../finding.ts";
import { differences, type View } from "../text/view.ts";
import { projectableForms, punctuatedForms } from "./encodings.ts";
import { GramIndex, type Needle } from "./gram_index.ts";
import { LetterStream } from "./letter_stream.ts";
import { informativeWindows, offsetOf, project, WINDOW } from "./projection.ts";
import { type KnownSecret, projectableParts, type SecretStrength, strengthOf } from "./secret.ts";
import { searchProjections } from "./value_projections.ts";

export { type KnownSecret, type SecretStrength, strengthOf } from "./secret.ts";

/** Finds known secrets in views. */
export interface KnownSecretScanner {
  readonly strengths: readonly SecretStrength[];
  scan(view: View): Match[];
  /** Finds them in the differences of bytes, where a key that changed all of them cancels out. */
  scanDifferences(view: View): Match[];
}

/** Name that findings of known secrets carry. */
export const KNOWN_SECRETS = "known_secrets";
/** Name that findings of a canary carry. */
export const CANARY = "canary";

/** Encoded forms spread a secret over more characters: parts shorter than this are not distinctive. */
const ENCODED_LEAST = 16;
/** Differences of bytes in a row that a secret must share. */
const DIFFERENCES_LEAST = 15;

interface Meaning {
  readonly secret: KnownSecret;
  readonly encoding: string;
}

/** Prepares the search for all forms of `secrets`. */
export function buildKnownSecretScanner(secrets: readonly KnownSecret[]): KnownSecretScanner {
  const strengths = secrets.map(strengthOf);
  const projected: { needle: Needle; meaning: Meaning }[] = [];
  const exact: { needle: Needle; meaning: Meaning }[] = [];
  secrets.forEach((secret, index) => {
    const { strength } = strengths[index]!;
    if (strength === "empty") return;
    for (const { encoding, text } of punctuatedForms(secret.value)) {
      const bytes = Buffer.from(text, encoding === "plain" ? "utf8" : "latin1");
      if (
        strength === "weak" ? encoding !== "plain" : encoding !== "plain" && bytes.length < WINDOW
      ) {
        continue;
      }
      exact.push({ needle: wholeNeedle(bytes), meaning: { secret, encoding } });
    }
    if (strength === "weak") return;
    for (const part of projectableParts(secret.value)) {
      for (const { encoding, text, whole } of projectableForms(part)) {
        const needle = projectedNeedle(
          text,
          encoding === "plain" ? WINDOW : ENCODED_LEAST,
          whole === true,
        );
        if (needle !== undefined) projected.push({ needle, meaning: { secret, encoding } });
      }
    }
  });
  const strong = secrets.filter((_, index) => strengths[index]!.strength === "strong");
  const differenceIndex = new GramIndex(
    strong.map(({ value }) => ({
      bytes: differences(Buffer.from(value, "utf8")),
      least: DIFFERENCES_LEAST,
      accepts: () => true,
    })),
  );
  const projectedIndex = new GramIndex(projected.map(({ needle }) => needle));
  const exactIndex = new GramIndex(exact.map(({ needle }) => needle));
  const search = {
    index: projectedIndex,
    plain: new LetterStream(projectedIndex),
    values: new LetterStream(projectedIndex),
  };
  return {
    strengths,
    scanDifferences(view) {
      return differenceIndex.search(view.bytes).map(({ needle, start, end }) =>
        matchOf(view, strong[needle]!, "plain", start, end + 1, true)
      );
    },
    scan(view) {
      const found = new Map<string, Match>();
      const report = (
        { secret, encoding }: Meaning,
        start: number,
        end: number,
        scattered: boolean,
      ) => {
        const match = matchOf(view, secret, encoding, start, end, scattered);
        const known = found.get(secret.name);
        if (known === undefined || (known.scattered === true && !scattered)) {
          found.set(secret.name, match);
        }
      };
      for (const { needle, start, end } of exactIndex.search(view.bytes)) {
        report(exact[needle]!.meaning, start, end, false);
      }
      if (projected.length === 0) return [...found.values()];
      searchProjections(
        view,
        search,
        (needle, start, end) => {
          const from = offsetOf(view.bytes, start);
          report(projected[needle]!.meaning, from, offsetOf(view.bytes, end - 1) + 1, true);
        },
        (needle) => report(projected[needle]!.meaning, 0, view.bytes.length, true),
      );
      return [...found.values()];
    },
  };
}

function wholeNeedle(bytes: Uint8Array): Needle {
  return { bytes, least: bytes.length, accepts: () => false };
}

function projectedNeedle(text: string, least: number, whole: boolean): Needle | undefined {
  const letters = text.replace(/[^A-Za-z0-9]/g, "");
  if (letters.length < WINDOW) return undefined;
  const bytes = project(Buffer.from(letters, "latin1"));
  if (whole || letters.length < least) return wholeNeedle(bytes);
  const informative = informativeWindows(letters);
  return {
    bytes,
    least,
    accepts: (start, length) =>
      informative.slice(start, start + length - WINDOW + 1).includes(true),
  };
}

function matchOf(
  view: View,
  secret: KnownSecret,
  encoding: string,
  start: number,
  end: number,
  scattered: boolean,
): Match {
  const detector = secret.canary === true ? CANARY : KNOWN_SECRETS;
  const form = encoding === "plain" ? "" : ` (${encoding})`;
  return {
    detector,
    rule: secret.name,
    severity: "block",
    reason: secret.canary === true
      ? `the bottle's canary ${secret.name} is leaving${form}`
      : `holds the secret ${secret.name}, or a part of it${form}`,
    ...view.origin(start, end),
    via: encoding === "plain" ? view.via : [...view.via, encoding],
    ...(scattered ? { scattered } : {}),
  };
}
