/** Name of an agent or a bottle: its file name without `.md`. */
export const MANIFEST_NAME = /^[a-z][a-z0-9-]*$/;

/** The manifest name of a file name; undefined when the file is not a manifest. */
export function manifestName(fileName: string): string | undefined {
  const name = fileName.endsWith(".md") ? fileName.slice(0, -3) : "";
  return MANIFEST_NAME.test(name) && name.length <= 100 ? name : undefined;
}
