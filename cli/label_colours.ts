/** Colours that a label can have. */
export const LABEL_COLOURS = ["red", "green", "yellow", "blue", "magenta"] as const;
