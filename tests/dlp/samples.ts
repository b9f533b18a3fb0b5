import { PATTERN_TABLE } from "../../dlp/patterns/table.ts";
import type { TokenPattern } from "../../dlp/patterns/row.ts";
import { corpus, type RuleRow, type TokenRow } from "./corpora.ts";

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Tells whether a sample's vendor is one of `rows`, by its name or by a keyword. */
export function vendorFilter(
  rows: readonly TokenPattern[] = PATTERN_TABLE,
): (sample: TokenRow) => boolean {
  const words = new Set(rows.flatMap(({ vendor, keywords }) => [vendor, ...keywords].map(plain)));
  return ({ vendor }) => words.has(plain(vendor));
}

/**
 * Whether a positive sample holds a secret at all. Some rules of the reference set take identifiers for findings. None
 * is: a host or a URL without a password, query and long path; an ARN; an account number; a mail address; the public
 * half of an age key; a value that is assigned to a user's, account's or cloud's name; a placeholder, of which every
 * part of eight and more characters has fewer than five different ones, or that says EXAMPLE twice or YOUR_ first.
 */
export function carriesSecret({ text, secret }: TokenRow): boolean {
  const value = (secret ?? text).trim().replace(/^["']|["']$/g, "");
  if (/^(?:https?:\/\/)?[\w\-]+(?:\.[\w\-]+)+(?::[0-9]{1,5})?(?:\/[\w.\-]{0,20})*$/.test(value)) {
    if (/\.(?:com|net|io|co|org|dev)\b/.test(value)) return false;
  }
  if (/^arn:aws|^[0-9]{12}$|^[\w.+\-]+@[\w\-]+\.[\w.]+$|^age1[a-z0-9]+$/.test(value)) return false;
  const before = text.slice(0, Math.max(0, text.indexOf(value)));
  if (/(?:name|user|cloud|product|bot_id|app_id)["'_\s:=]*$/i.test(before)) return false;
  if (/EXAMPLE.*EXAMPLE|^YOUR_/.test(value)) return false;
  const tokens = value.split(/[\s=]+/).filter((word) => /[-_0-9]|[A-Z]{2}/.test(word));
  return !(tokens.length > 0 && tokens.every(isPlaceholder));
}

function isPlaceholder(token: string): boolean {
  const parts = token.split(/[^A-Za-z0-9]+/).filter((part) => part.length >= 8);
  if (parts.length === 0) return /^[a-z\-_]{0,12}$/i.test(token);
  return parts.every((part) => new Set(part).size < 5 || /^[A-Za-z0-9]{2,4}(.)\1{7,}$/.test(part));
}

/** A generator with a fixed start, so that every run sees the same values. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;
}

/**
 * The samples with other values: every character of the secret is drawn anew from its class, behind as much of its
 * beginning as the sample's own rule asks for. A table that knew the samples by heart would miss these. Samples that
 * name no secret, or whose rule takes no other value (a checksum), are left out.
 */
export function renewedSamples(samples: readonly TokenRow[], seed = 1): TokenRow[] {
  const draw = numbers(seed);
  const rules = new Map<string, RegExp[]>();
  for (const { rule, regex_js, flags_js } of corpus<RuleRow>("tokens_rules.jsonl.gz")) {
    if (regex_js === undefined) continue;
    try {
      rules.set(rule, [...rules.get(rule) ?? [], new RegExp(regex_js, flags_js)]);
    } catch {
      // Written for another engine.
    }
  }
  return samples.flatMap((sample) => {
    const { secret, text, rule } = sample;
    const known = rules.get(rule);
    if (secret === undefined || secret.length < 8 || known === undefined) return [];
    for (const kept of [0, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24]) {
      if (kept > secret.length * 0.7) break;
      const value = secret.slice(0, kept) + redrawn(secret.slice(kept), draw);
      const renewed = text.replaceAll(secret, () => value);
      if (renewed !== text && known.some((regex) => regex.test(renewed))) {
        return [{ ...sample, text: renewed, secret: value }];
      }
    }
    return [];
  });
}

function redrawn(value: string, draw: () => number): string {
  const hex = value.length >= 16 && /^[0-9a-f-]+$/i.test(value);
  const letters = hex ? "abcdef" : "abcdefghijklmnopqrstuvwxyz";
  const pick = (from: string) => from[Math.floor(draw() * from.length)]!;
  return value.replace(/[0-9]/g, () => pick("0123456789"))
    .replace(/[a-z]/g, () => pick(letters))
    .replace(/[A-Z]/g, () => pick(letters.toUpperCase()));
}
