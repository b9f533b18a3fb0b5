/** Where the parts of one bottle stand on the host; absolute paths. */
export interface BottleLayout {
  /** `state/<slug>`. */
  readonly state: string;
  readonly home: string;
  readonly workspace: string;
  /** The contract directory between host and sidecar. */
  readonly contract: string;
  /** What was chosen when the bottle started. */
  readonly record: string;
  /** The host's own events; the sidecar's stand in its contract directory. */
  readonly events: string;
  /** Locked by the host process for as long as the bottle runs. */
  readonly lock: string;
  /** Folder of the sidecar's sockets. */
  readonly sockets: string;
}

/** The longest path that a socket is bound to here; sun_path holds 108 bytes (unix(7)). */
const MAX_SOCKET_PATH = 100;
const SOCKET_NAME = "/egress.sock";

/** The layout of the bottle `slug` below bot-bottle's home folder. */
export function bottleLayout(home: string, uid: number, slug: string): BottleLayout {
  const state = `${home}/state/${slug}`;
  return {
    state,
    home: `${state}/home`,
    workspace: `${state}/workspace`,
    contract: `${state}/sidecar`,
    record: `${state}/bottle.json`,
    events: `${state}/events.jsonl`,
    lock: `${state}/lock`,
    sockets: socketFolder(home, uid, slug),
  };
}

/** `run/<slug>`; where that is too long for a socket, a short name, and for a long home a folder under /tmp. */
function socketFolder(home: string, uid: number, slug: string): string {
  const short = `b${shortHash(`${home}\0${slug}`)}`;
  const candidates = [
    `${home}/run/${slug}`,
    `${home}/run/${short}`,
    `/tmp/bot-bottle-${uid}/${short}`,
  ];
  const fits = (folder: string) =>
    new TextEncoder().encode(folder + SOCKET_NAME).length <= MAX_SOCKET_PATH;
  return candidates.find(fits) ?? candidates[2]!;
}

/** FNV-1a over UTF-16 units, twice with different seeds: 13 characters that differ where names differ. */
function shortHash(text: string): string {
  const half = (seed: number) => {
    let hash = seed;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return (hash >>> 0).toString(36);
  };
  return half(0x811c9dc5) + half(0x9747b28c);
}
