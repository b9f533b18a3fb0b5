import { plainAnswer, type Respond } from "../support/recording_upstream.ts";

/** An origin server as conformance suites expect one: echoes a POST, knows its methods, dates its answers. */
export const origin: Respond = ({ method, body }) => {
  const date = "Date: Thu, 01 Jan 2026 00:00:00 GMT";
  switch (method) {
    case "HEAD":
      return `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n${date}\r\n\r\n`;
    case "OPTIONS":
      return `HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, POST, OPTIONS\r\n${date}\r\n\r\n`;
    case "DELETE":
      return plainAnswer("", ["Allow: GET, HEAD, POST, OPTIONS", date], "405 Method Not Allowed");
    default:
      return plainAnswer(body, ["Content-Type: text/plain", date]);
  }
};
