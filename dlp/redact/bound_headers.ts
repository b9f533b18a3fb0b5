import type { RedactableHeader } from "./redact_request.ts";

/** Fields that hold a digest or signature of the body (RFC 9530, RFC 1864, RFC 9421, those of clouds and webhooks). */
const BODY_PROOF =
  /^(?:content-md5|x-amz-content-sha256|x-amz-checksum-.*|x-amz-sdk-checksum.*|x-goog-hash|x-ms-content-(?:crc64|md5|sha256)|(?:.*-)?(?:digest|signature|hmac|checksum)(?:-.*)?)$/;
/** Fields that count the body, or say where in a larger one it lies. */
const BODY_COUNT =
  /^(?:content-range|upload-length|upload-offset|x-upload-content-length|x-goog-upload-.*|x-ms-range)$/;
/** Fields that hold a signature of the request's head. */
const HEAD_PROOF = /^(?:signature|signature-input|x-amz-content-sha256)$/;
/** Authorization schemes that sign the request (SigV4, OAuth 1.0, RFC 7616, Azure, HTTP signatures). */
const SIGNING = /^\s*(?:AWS4-|AWS\s|OAuth\s|Digest\s|SharedKey|Signature\s|HMAC|EG1-|hawk\s)/i;
/** Parameters of signed URLs. */
const SIGNED_QUERY =
  /(?:^|[?&])(?:x-amz-signature|x-goog-signature|x-oss-signature|x-cos-signature|q-signature|signature|sig|oauth_signature)=/i;

/** The field or parameter that a changed body would contradict; undefined when there is none. */
export function bodyBound(headers: readonly RedactableHeader[]): string | undefined {
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    if (lower === "x-amz-content-sha256" && value.trim() === "UNSIGNED-PAYLOAD") continue;
    if (BODY_PROOF.test(lower) || BODY_COUNT.test(lower)) return `the header ${known(lower)}`;
    if (lower === "authorization" && SIGNING.test(value) && !unsignedPayload(headers)) {
      return "the signature in authorization";
    }
  }
  return undefined;
}

/** The same for a changed path, query or header. */
export function headBound(
  headers: readonly RedactableHeader[],
  query: string,
): string | undefined {
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    if (HEAD_PROOF.test(lower)) return `the header ${lower}`;
    if (lower === "authorization" && SIGNING.test(value)) return "the signature in authorization";
  }
  return SIGNED_QUERY.test(query) ? "the signature in the query" : undefined;
}

function unsignedPayload(headers: readonly RedactableHeader[]): boolean {
  return headers.some(({ name, value }) =>
    name.toLowerCase() === "x-amz-content-sha256" && value.trim() === "UNSIGNED-PAYLOAD"
  );
}

/** Names that are no one's own choice may be shown. */
function known(name: string): string {
  return /^(?:content-(?:md5|digest|range)|repr-digest|digest|signature(?:-input)?|x-amz-[a-z0-9-]{1,40}|x-goog-hash)$/
      .test(name)
    ? name
    : "that proves or counts the body";
}
