import { Buffer } from "node:buffer";
import { deny } from "./denial.ts";
import type { Inspection } from "./outbound/inspection.ts";
import type { OutboundRequest, OutboundScreen, Waiter } from "./outbound/screen.ts";
import { Refusal } from "./refusal.ts";
import { Opcode } from "./websocket_messages.ts";
import type { MessageInspector } from "./websocket_relay.ts";

/** Bytes on either side of a border between messages that are looked at together. */
const BORDER = 4096;
/** Longest payload of a control frame (RFC 6455 section 5.5). */
const MAX_CONTROL = 125;

/** The handshake that messages belong to. */
export type Handshake = Pick<OutboundRequest, "host" | "method" | "path">;

/**
 * Looks at what a bottle sends by WebSocket as at the body of a request: each message, and what two messages in a row
 * make together. Held messages hold what follows them.
 *
 * @param inspection of the route at this moment: it may have become stricter since the WebSocket was opened.
 * @param held told that a message waits for a person, and that it does not any more.
 */
export function outboundMessages(
  screen: Pick<OutboundScreen, "screen">,
  handshake: Handshake,
  inspection: () => Inspection | undefined,
  held: Waiter["held"],
): MessageInspector {
  let tail: Buffer = Buffer.alloc(0);
  return {
    async inspect({ opcode, payload }, gone) {
      const now = inspection();
      if (now === undefined || payload.length === 0) return payload;
      const look = async (body: Buffer, onMatch: Inspection["onMatch"]) =>
        (await screen.screen(
          { ...handshake, query: "", headers: [], body },
          { ...now, onMatch },
          { gone: () => gone, held },
        )).body;
      try {
        const clean = await look(payload, now.onMatch);
        if (opcode >= Opcode.close && clean.length > MAX_CONTROL) {
          return deny("detected", "a control frame has no room for what would stand there instead");
        }
        if (tail.length > 0) {
          // What has left already cannot be taken back, so a part of it cannot be redacted.
          const border = Buffer.concat([tail, clean.subarray(0, BORDER)]);
          await look(border, now.onMatch === "redact" ? "block" : now.onMatch);
        }
        tail = Buffer.from(Buffer.concat([tail, clean]).subarray(-BORDER));
        return clean;
      } catch (error) {
        if (error instanceof Refusal) return error.denial;
        throw error;
      }
    },
  };
}
