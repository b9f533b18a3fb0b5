import { createHash } from "node:crypto";

/** First of 2^24 uids in a range that no system hands out (systemd's UIDS-GIDS: 1879048192 to 2147352575 is unused). */
const FIRST_UID = 1_900_000_000;

/**
 * The host uid of a bottle's agent when the host is root; its gid is the same number.
 *
 * It follows from the slug, so that a resumed bottle owns its files again and two bottles do not own each other's.
 */
export function agentHostUid(slug: string): number {
  return FIRST_UID + createHash("sha256").update(`agent ${slug}`).digest().readUIntBE(0, 3);
}

/** One line of /proc/PID/uid_map per user: the first program's root, then the agent; see user_namespaces(7). */
export function userMap(hostUid: number): string {
  return `0 0 1\n1000 ${hostUid} 1\n`;
}
