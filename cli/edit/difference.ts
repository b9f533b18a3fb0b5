import { printable } from "../../core/printable.ts";
import { type DiffLine, unifiedDiff } from "../../supervise/desk/unified_diff.ts";

/** Lines of a difference that are shown; more is for a tool of its own. */
const MOST_LINES = 60;

const CODES: Readonly<Record<DiffLine["kind"], number | undefined>> = {
  added: 32,
  removed: 31,
  hunk: 36,
  same: undefined,
};

/** What changed, in a few lines for people; control characters are made visible. */
export function differenceLines(before: string, after: string, colour: boolean): string[] {
  const lines = unifiedDiff(before, after);
  const shown = lines.slice(0, MOST_LINES).map(({ kind, text }) => {
    const code = colour ? CODES[kind] : undefined;
    const said = `  ${printable(text)}`;
    return code === undefined ? said : `\x1b[${code}m${said}\x1b[0m`;
  });
  const rest = lines.length - shown.length;
  return rest > 0 ? [...shown, `  … ${rest} more lines`] : shown;
}
