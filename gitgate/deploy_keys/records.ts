import { join } from "node:path/posix";
import * as z from "zod";
import { replaceFile } from "../../sys/atomic_file.ts";
import { FORGES } from "./forges.ts";

/**
 * A deploy key that was asked for and not yet revoked. It holds what is needed to revoke it and no secret: neither the
 * private key nor the token.
 */
export const deployKeyRecordSchema = z.strictObject({
  version: z.literal(1),
  /** Unique among records; the file's name. */
  nonce: z.string().regex(/^[0-9a-f]{16}$/),
  slug: z.string().max(63),
  /** Name of the repository in the manifest. */
  repo: z.string().min(1).max(100),
  provider: z.string().refine((name) => FORGES.has(name), "is no forge that is known"),
  api: z.string().max(2000),
  project: z.string().min(3).max(1000),
  title: z.string().min(1).max(255),
  public_key: z.string().max(1000),
  fingerprint: z.string().max(100),
  /** The host's variable that held the token. */
  token_ref: z.string().max(255),
  /** The forge's id; null while the forge has not answered. */
  key_id: z.number().int().positive().nullable(),
  /** RFC 3339. */
  created_at: z.iso.datetime(),
});

/** A parsed record. */
export type DeployKeyRecord = z.output<typeof deployKeyRecordSchema>;

/** What {@linkcode DeployKeyRecords.read} found. */
export interface RecordsRead {
  readonly records: readonly DeployKeyRecord[];
  /** Paths of files that are not records: a person has to look at them. */
  readonly unreadable: readonly string[];
}

const FILE = /^[0-9a-f]{16}\.json$/;
/** A record has less than 5 kB. */
const LONGEST = 16_384;

/** The records of one bottle: files of mode 0600 in a folder of mode 0700 that the bottle cannot reach. */
export class DeployKeyRecords {
  /** @param folder absolute path; it is made when it is missing. */
  constructor(readonly folder: string) {}

  /** Writes a record, durably and in one step, over the one of the same nonce. */
  write(record: DeployKeyRecord): void {
    Deno.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    replaceFile(this.#path(record), `${JSON.stringify(record)}\n`, 0o600);
  }

  /** Removes a record; one that is gone is no error. A removal that a crash undoes is repeated by the next cleanup. */
  remove(record: DeployKeyRecord): void {
    try {
      Deno.removeSync(this.#path(record));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Every record, oldest first. */
  read(): RecordsRead {
    const records: DeployKeyRecord[] = [];
    const unreadable: string[] = [];
    for (const name of this.#names()) {
      const path = join(this.folder, name);
      const record = readRecord(path);
      if (record !== undefined && `${record.nonce}.json` === name) records.push(record);
      else unreadable.push(path);
    }
    records.sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
    return { records, unreadable };
  }

  /** What a crash left of a file that was being written ends in `.tmp` and counts for nothing. */
  #names(): string[] {
    try {
      return [...Deno.readDirSync(this.folder)].map(({ name }) => name)
        .filter((name) => FILE.test(name)).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  #path({ nonce }: DeployKeyRecord): string {
    return join(this.folder, `${nonce}.json`);
  }
}

function readRecord(path: string): DeployKeyRecord | undefined {
  const { isFile, size } = Deno.lstatSync(path);
  if (!isFile || size > LONGEST) return undefined;
  try {
    return deployKeyRecordSchema.safeParse(JSON.parse(Deno.readTextFileSync(path))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
