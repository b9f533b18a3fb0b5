import { Buffer } from "node:buffer";
import type { InjectionFinding } from "../dlp/injection/finding.ts";
import type { InjectionDetector } from "../dlp/injection/injection_detector.ts";
import type { OnInjection } from "./answer/answer_reader.ts";
import { deny } from "./denial.ts";
import { Opcode } from "./websocket_messages.ts";
import type { MessageInspector } from "./websocket_relay.ts";

/** What messages of an upstream are looked at with. */
export interface InboundReading {
  readonly onInjection: OnInjection;
  /** Told of what was found in one message. */
  readonly onFindings: (findings: readonly InjectionFinding[]) => void;
}

/**
 * Looks at the text messages that an upstream sends as at answers: invisible text is taken out, signs of injection are
 * told, and severe ones end the WebSocket where the route blocks. Each message is looked at alone.
 *
 * @param detector made when the first message needs it.
 * @returns undefined where nothing is looked for.
 */
export function inboundMessages(
  detector: () => Promise<InjectionDetector>,
  { onInjection, onFindings }: InboundReading,
): MessageInspector | undefined {
  if (onInjection === "ignore") return undefined;
  return {
    async inspect({ opcode, payload }) {
      if (opcode !== Opcode.text || payload.length === 0) return payload;
      const kind = /^\s*[[{]/.test(payload.toString("latin1", 0, 64)) ? "json" : "text";
      const { clean, findings } = (await detector()).inspect(payload, { kind });
      if (findings.length > 0) onFindings(findings);
      const severe = findings.find(({ severity }) => severity === "block");
      if (onInjection === "block" && severe !== undefined) {
        return deny(
          "answer_refused",
          `a message holds what is written to mislead an agent (${severe.rule})`,
        );
      }
      return Buffer.from(clean.buffer, clean.byteOffset, clean.byteLength);
    },
  };
}
