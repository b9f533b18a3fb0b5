import { gunzipSync } from "node:zlib";

/** A row of `tokens_tp`, `tokens_fp` or `tokens_tp_checksum`. */
export interface TokenRow {
  readonly id: string;
  readonly rule: string;
  readonly vendor: string;
  readonly text: string;
  /** The part of `text` that is the credential, where it is known. */
  readonly secret?: string;
  readonly checksum_valid?: boolean;
}

/** A row of `benign_snippets`. */
export interface BenignRow {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
}

/** A row of `evasion`. */
export interface EvasionRow {
  readonly id: string;
  readonly where: string;
  readonly expected: string;
  readonly secret: string;
  readonly payload?: string;
  readonly caught_by: string;
}

/** A row of `tokens_rules`. */
export interface RuleRow {
  readonly rule: string;
  readonly regex_js?: string;
  readonly flags_js?: string;
}

/** Samples hold token-shaped strings, so they are not in the repository: beside it, or where the variable says. */
const NAMED = Deno.env.get("BOT_BOTTLE_CORPORA");
const FOLDER = NAMED ?? new URL("../../../shared/corpora", import.meta.url).pathname;

/** Whether the samples are there; `scripts/test` says so loudly when they are not. A named folder must exist. */
export const SAMPLES_THERE: boolean = NAMED !== undefined || isFolder(FOLDER);

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** A test that needs the samples; counted as ignored on a machine without them. */
export function sampleTest(name: string, run: () => void): void {
  Deno.test({ name, ignore: !SAMPLES_THERE, fn: run });
}

/** The rows of a file of the corpora. Throws with what to do when it is not there. */
export function corpus<Row>(name: string): Row[] {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(`${FOLDER}/${name}`);
  } catch (cause) {
    throw new Error(
      `Cannot read the corpus ${FOLDER}/${name}: set BOT_BOTTLE_CORPORA to its folder`,
      {
        cause,
      },
    );
  }
  const text = new TextDecoder().decode(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
