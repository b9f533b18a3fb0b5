import { Buffer } from "node:buffer";
import type { InjectionFinding } from "../../dlp/injection/finding.ts";
import type { InjectionDetector, TextForm } from "../../dlp/injection/injection_detector.ts";
import { looksBinary } from "../../dlp/injection/text_sniff.ts";
import { deny } from "../denial.ts";
import type { HeaderList } from "../header_list.ts";
import { type Body, BufferedBody } from "../http1/body.ts";
import { Refusal } from "../refusal.ts";
import { MaskedBody, maskedHeaders } from "../response_scrub.ts";
import type { RouteDocument } from "../../core/route.ts";
import type { SecretSet } from "../secret_mask.ts";
import { declaredForm } from "./answer_form.ts";
import { BrokenBody, readAhead, ResumedBody } from "./bodies.ts";
import { canDecode, codingsOf, decodedStart, withoutCodings } from "./content_coding.ts";
import { InspectedBody } from "./inspected_body.ts";

/** An answer as it came from an upstream. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Body;
  /** It has no body, whatever its fields say: it answers HEAD. */
  readonly bodiless: boolean;
}

/** What is done with signs of injection: nothing is looked for, they are told, or severe ones end the answer. */
export type OnInjection = "ignore" | "flag" | "block";

/** How an answer is read. */
export interface Reading {
  /** The credential that was added to the request, and must not come back. */
  readonly secrets: SecretSet | undefined;
  readonly onInjection: OnInjection;
  /** Told of what was found, once for each rule. */
  readonly onFindings: (findings: readonly InjectionFinding[]) => void;
}

/** Bodies up to this many bytes are read as a whole, so that their length can be told. */
const SMALL = 64 * 1024;
/** Bytes that are looked at before the first one leaves, on a route that blocks. */
const AHEAD = 256 * 1024;
/** Fields about the bytes of a body, which do not hold for other bytes. */
const ABOUT_BYTES: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-length",
  "content-md5",
  "digest",
  "content-digest",
  "repr-digest",
  "accept-ranges",
]);

/** How answers of a route are read. */
export function onInjectionOf({ dlp }: Pick<RouteDocument, "dlp">): OnInjection {
  const asked = dlp?.inbound_detectors;
  if (asked === false || asked?.length === 0) return "ignore";
  return dlp?.inbound_on_match ?? "flag";
}

/** Reads answers on their way to the agent: text without what hides in it, no credential, signs of injection told. */
export class AnswerReader {
  readonly #build: () => Promise<InjectionDetector>;
  #detector: Promise<InjectionDetector> | undefined;

  /** @param build makes the detector, when the first answer needs it. */
  constructor(build: () => Promise<InjectionDetector> = buildDetector) {
    this.#build = build;
  }

  /** Makes the detector, which takes 50 ms, before an answer waits for it. */
  prepare(): Promise<InjectionDetector> {
    return this.#detector ??= this.#build();
  }

  /**
   * The answer as the agent gets it. Its body is read as it is asked for, but for what has to be seen first.
   *
   * @throws HttpSyntaxError when a coding cannot be undone that has to be, Refusal for a severe finding on a route that blocks.
   */
  async read(
    answer: UpstreamAnswer,
    reading: Reading,
  ): Promise<{ headers: HeaderList; body: Body }> {
    const { secrets, onInjection } = reading;
    if (secrets === undefined && onInjection === "ignore") return answer;
    const headers = secrets === undefined ? answer.headers : maskedHeaders(answer.headers, secrets);
    if (answer.bodiless || answer.body.length === 0) return { headers, body: answer.body };
    const text = onInjection === "ignore" ? undefined : await this.#text(answer, reading);
    if (secrets === undefined) {
      return text === undefined ? answer : {
        headers: text.changes ? withoutBytesFields(headers) : headers,
        body: text.body,
      };
    }
    const codings = codingsOf(answer.headers);
    const body = text?.body ?? await withoutCodings(answer.body, codings);
    const changes = text?.changes ?? codings.length > 0;
    return {
      headers: changes ? withoutBytesFields(headers) : headers,
      body: new MaskedBody(body, secrets),
    };
  }

  /** The text of an answer as it is looked at; undefined when it is left alone. */
  async #text(answer: UpstreamAnswer, reading: Reading): Promise<TextBody | undefined> {
    const { headers, status } = answer;
    const { kind, isText } = declaredForm(headers);
    const codings = codingsOf(headers);
    const partial = status === 206;
    let { body } = answer;
    if (codings.length > 0) {
      // A part of coded bytes is no beginning that could be decoded.
      if (!canDecode(codings) || (partial && reading.secrets === undefined)) {
        if (reading.onInjection === "block") throw unreadable();
        return undefined;
      }
      if (!isText) {
        const first = await readAhead(body, 1);
        const start = await decodedStart(first[0] ?? EMPTY, codings);
        body = new ResumedBody(first, body, body.length);
        if (start === undefined || looksBinary(start)) {
          if (reading.secrets === undefined) return { body, changes: false };
          return { body: await withoutCodings(body, codings), changes: true };
        }
      }
      body = await withoutCodings(body, codings);
    } else if (!isText && body.length !== null && body.length > SMALL) {
      const first = await readAhead(body, 1);
      body = new ResumedBody(first, body, body.length);
      if (looksBinary(first[0] ?? EMPTY)) return { body, changes: false };
    }
    const form: TextForm = {
      kind,
      careful: !isText,
      replacement: partial ? "spaces" : "nothing",
    };
    return await this.#inspected(body, form, reading);
  }

  async #inspected(body: Body, form: TextForm, reading: Reading): Promise<TextBody> {
    const { length } = body;
    const blocks = reading.onInjection === "block";
    const keepsLength = form.replacement === "spaces";
    const inspected = new InspectedBody(
      body,
      await this.prepare(),
      form,
      (findings) => {
        reading.onFindings(findings);
        const severe = findings.find(({ severity }) => severity === "block");
        if (blocks && severe !== undefined) throw hostile(severe);
      },
      keepsLength ? length : null,
    );
    if (length !== null && length <= SMALL && form.kind !== "events") {
      return await readSmall(inspected, length);
    }
    if (!blocks) return { body: inspected, changes: !keepsLength };
    const ahead = await readAhead(inspected, form.kind === "events" ? 1 : AHEAD);
    return { body: new ResumedBody(ahead, inspected, inspected.length), changes: !keepsLength };
  }
}

function withoutBytesFields(headers: HeaderList): HeaderList {
  return headers.filter(({ name }) => !ABOUT_BYTES.has(name));
}

interface TextBody {
  readonly body: Body;
  /** Whether its bytes may be others than the upstream sent. */
  readonly changes: boolean;
}

const EMPTY = new Uint8Array(0);

/** A small body as a whole; one that breaks off breaks off for the agent too, after what there was of it. */
async function readSmall(body: Body, length: number): Promise<TextBody> {
  const pieces: Buffer[] = [];
  try {
    for (let piece = await body.read(); piece !== null; piece = await body.read()) {
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return { body: new BrokenBody(pieces, error, length), changes: true };
  }
  const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  return { body: new BufferedBody(whole), changes: whole.length !== length };
}

/** Loaded when it is needed: many bottles never see a text. */
async function buildDetector(): Promise<InjectionDetector> {
  const { buildInjectionDetector } = await import("../../dlp/injection/injection_detector.ts");
  return buildInjectionDetector();
}

function hostile({ rule }: InjectionFinding): Refusal {
  return new Refusal(
    deny("answer_refused", `the answer holds what is written to mislead an agent (${rule})`),
  );
}

function unreadable(): Refusal {
  return new Refusal(
    deny(
      "answer_refused",
      "the answer is coded in a way that cannot be read, and this route blocks",
    ),
  );
}
