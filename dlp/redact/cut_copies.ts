import type { Cuts } from "./cuts.ts";
import { type Document, fieldText, writtenRange } from "./field.ts";
import { LiteralIndex } from "./literal_index.ts";
import { Unredactable } from "./unredactable.ts";

/**
 * Cuts what was cut in one place wherever else it stands: a value that is told by the name before it stands elsewhere
 * without that name.
 *
 * @throws {Unredactable} when a copy lies in a field that must stay as it is.
 */
export function cutCopiesOf(documents: readonly Document[], cuts: readonly Cuts[]): void {
  const index = new LiteralIndex();
  documents.forEach(({ bytes }, place) => {
    for (const { start, end, rule, field } of cuts[place]!.merged()) {
      index.add(fieldText(bytes, { ...field, start, end }).bytes, rule);
    }
  });
  if (index.empty) return;
  documents.forEach(({ bytes, fields }, place) => {
    for (const field of fields) {
      if (field.end - field.start < 12) continue;
      const text = fieldText(bytes, field);
      for (const { start, end, rule } of index.copies(text.bytes)) {
        if (field.fixed !== undefined) throw new Unredactable(field.fixed);
        cuts[place]!.add(field, ...writtenRange(text, field, start, end), rule);
      }
    }
  });
}
