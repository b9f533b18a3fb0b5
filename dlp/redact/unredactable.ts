/** Thrown inside `dlp/redact/` when a value cannot be taken out; the message says where, and never quotes it. */
export class Unredactable extends Error {
  override readonly name = "Unredactable";
}
