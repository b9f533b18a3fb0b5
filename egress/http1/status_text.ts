import { STATUS_CODES } from "node:http";

/** The reason phrase of a status code; empty when no registry has one. */
export function statusText(status: number): string {
  return STATUS_CODES[status] ?? "";
}
