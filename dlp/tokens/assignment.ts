/** How clearly a value belongs to a name before it. */
export type Assignment =
  /** It does not. */
  | "none"
  /** It follows the name, and nothing says that it is the name's credential. */
  | "near"
  /** A word such as key or token stands between the name and it. */
  | "named"
  /** The name says that it is an identifier, which is no secret: `VENDOR_CLIENT_ID = …`. */
  | "identifier"
  /** It is assigned, or passed along with, a name that says what it is: `VENDOR_API_KEY = …`. */
  | "assigned";

/** What a row asks of the text between its keyword and a value. */
export interface AssignmentRules {
  /** The keyword is an everyday word. */
  readonly common?: boolean;
  /** The keyword is the whole name of a variable. */
  readonly exactName?: boolean;
}

/** A name or word that says that a credential follows. */
const CREDENTIAL_WORD =
  /key|token|secret|auth|pass|pwd|pat\b|cred|access|private|client|api|sdk|bearer|license|account|user|login|sid\b|sig|webhook|url|\bid\b|_id|Id\b/i;
/** The same as a whole word of a keyword (`dd_api`, `unseal key`). */
const CREDENTIAL_KEYWORD =
  /(?:^|[_\-. ])(?:key|token|secret|pat|password|passwd|api|login)(?:$|[_\-. ])/;
/** What stands between a name and its value. */
const SEPARATED = /[=:>'"`,|(]|\s$|\W$/;
const OPERATOR = /[=:>,|(]|["'`]\s{0,8}["'`]$/;
/** The value comes at once: `vendor = "`, `vendor.name: `. */
const DIRECT = /^[\w.\-\]"'`]{0,40}\s{0,4}(?:string\s*)?(?::=|=>|[=:])\s{0,8}["'`]?$/;
/** The value is the next word: `vendor 0a1b…`, `vendor-0a1b…`. */
const ADJACENT = /^[\s\-_.]{1,2}$/;
const IDENTIFIER =
  /(?:client|app|application|project|tenant|account|organi[sz]ation|org|workspace|team|user|site|subscription|key)[_\-. ]?id["'`\]]{0,2}\s{0,4}(?:[:=,]|=>)[^:=,]{0,6}$/i;
/** A commit in a link is a hash, whoever is named before it. */
const PINNED = /\/(?:commits?|blob|tree|compare|tags?)\/$/;
const EXACT = /^(?:[_\-]?(?:token|key|secret))?[\]"'`>]{0,3}\s{0,20}(?:[:=]|=>|\?=|,|\s|"?$)/i;
/** `variable "vendor_token" { default = "` (Terraform). */
const TERRAFORM =
  /^\w{0,40}"\s{0,4}\{\s{0,8}(?:\w{1,20}\s{0,8}=[^\n]{0,60}\n\s{0,8}){0,2}default\s{0,8}=\s{0,8}"$/;

/** Cheap test before any search: is there a sign that a value may follow in `head`? */
export function mayAssign(head: string, { common = false }: AssignmentRules): boolean {
  if (common) return CREDENTIAL_WORD.test(head) || /^["'\]]{0,2}\s{0,2}[=:]/.test(head);
  return /[=:>'"`,|( ]/.test(head) ||
    /^[\s\-_.]{1,2}[A-Za-z0-9]{4}|^[\w\-]{0,30}(?:key|token|secret|access|private)/i.test(head);
}

/** Judges the text `gap` between the end of a row's keyword and the beginning of a value. */
export function assignmentOf(keyword: string, gap: string, rules: AssignmentRules): Assignment {
  if (rules.exactName === true) return EXACT.test(gap) ? "assigned" : "none";
  if (TERRAFORM.test(gap)) return "assigned";
  // The value of another name is not this one's: at most two assignments lie between.
  if ((gap.match(/[\w"'\])]\s{0,8}(?::=|=>|\?=|[=:])/g) ?? []).length > 2) return "none";
  if ((gap.match(/\n/g) ?? []).length > 2 || /[{};]\s*\n|\.\s/.test(gap)) return "none";
  const word = CREDENTIAL_WORD.test(gap) || CREDENTIAL_KEYWORD.test(keyword);
  if (IDENTIFIER.test(gap) && !/secret|token|pass/i.test(gap)) return "identifier";
  if (PINNED.test(gap)) return "none";
  if (word && SEPARATED.test(gap)) {
    return OPERATOR.test(gap) && !/[\r\n]/.test(gap) ? "assigned" : "named";
  }
  if (DIRECT.test(gap)) return rules.common === true ? "near" : "named";
  return rules.common !== true && ADJACENT.test(gap) ? "near" : "none";
}

const WORD_TAIL =
  /^(?:[a-z]{0,6}(?:api|key|token|secret|access|client|auth|pass|private|app|cloud|credential|login|bot|pat\b|id\b)|(?:ai|io|hq|db|app|api)(?![a-z]))/i;

/** Whether the keyword that ends at `at` is only the beginning of a longer word, such as "sumo" of "sumOfItems". */
export function continuesWord(text: string, at: number): boolean {
  const next = text.charCodeAt(at);
  if (!(next >= 0x61 && next <= 0x7a)) return false;
  const last = text.charCodeAt(at - 1) | 0x20;
  return last >= 0x61 && last <= 0x7a && !WORD_TAIL.test(text.slice(at, at + 16));
}

/** Whether the keyword that begins at `at` is the end of a longer word, such as "okta" of "rookTable". */
export function isInsideWord(text: string, at: number): boolean {
  if (at === 0) return false;
  const before = text.charCodeAt(at - 1);
  const first = text.charCodeAt(at);
  if (!isLetterCode(before) || !isLetterCode(first)) return false;
  const lowerBefore = before >= 0x61;
  const lowerFirst = first >= 0x61;
  if (lowerBefore && !lowerFirst) return false; // camelCase
  return !(at > 1 && text[at - 2] === "\\");
}

function isLetterCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}
