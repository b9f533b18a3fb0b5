/** What a request asks of a git server (gitprotocol-http(5)). */
export type GitService = "none" | "fetch" | "push";

/**
 * Classifies a request by path and query, in whatever spelling a server might still understand: any case,
 * encoded up to four times, a repeated parameter.
 *
 * @param path canonical path.
 * @param query raw query with its question mark, or empty.
 */
export function gitService(path: string, query: string): GitService {
  const names = [...decodings(path), ...services(query)].join("\n").toLowerCase();
  if (names.includes("git-receive-pack")) return "push";
  return names.includes("git-upload-pack") ? "fetch" : "none";
}

function services(query: string): string[] {
  if (query.length < 2) return [];
  const found: string[] = [];
  for (const pair of query.slice(1).split(/[&;]/)) {
    const equals = pair.indexOf("=");
    if (equals < 0) continue;
    const names = decodings(pair.slice(0, equals)).map((name) => name.toLowerCase().trim());
    if (names.includes("service")) found.push(...decodings(pair.slice(equals + 1)));
  }
  return found;
}

function decodings(text: string): string[] {
  const forms = [text];
  let current = text;
  for (let round = 0; round < 4 && /[%+]/.test(current); round++) {
    current = current.replaceAll("+", " ")
      .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    forms.push(current);
  }
  return forms;
}
