/** From most to least. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

/** Messages for people, on stderr; results never go through it. */
export interface Log {
  readonly level: LogLevel;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string, hint?: string): void;
}

/** The level that `BOT_BOTTLE_LOG_LEVEL` names; `info` for anything else. */
export function logLevelOf(text: string | undefined): LogLevel {
  return LOG_LEVELS.find((level) => level === text) ?? "info";
}

/**
 * A log whose messages begin with `bot-bottle: `. Control characters are made visible, so that nothing a bottle
 * said can move the operator's cursor; further lines of a message are indented, so that none of them looks like
 * a message of its own.
 */
export function createLog(level: LogLevel, write: (text: string) => void): Log {
  const least = LOG_LEVELS.indexOf(level);
  const say = (at: LogLevel, prefix: string, message: string) => {
    if (LOG_LEVELS.indexOf(at) < least) return;
    write(`bot-bottle: ${prefix}${indented(printable(message))}\n`);
  };
  return {
    level,
    debug: (message) => say("debug", "debug: ", message),
    info: (message) => say("info", "", message),
    warn: (message) => say("warn", "warning: ", message),
    error(message, hint) {
      say("error", "", message);
      if (hint !== undefined) say("error", "hint: ", hint);
    },
  };
}

// Also the bidirectional controls: they reorder what stands around them.
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text without control characters other than newlines: each becomes `\xNN` or `\u{N}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** Text for one line, such as a name or a label: as {@linkcode printable}, and a newline becomes `\\n`. */
export function printableLine(text: string): string {
  return printable(text).replaceAll("\n", "\\n");
}

/** Text whose further lines cannot be taken for lines that the program itself began. */
export function indented(text: string): string {
  return text.replaceAll("\n", "\n  ");
}
