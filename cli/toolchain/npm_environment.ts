/**
 * What npm may know of the operator's environment: its own settings and the way to the registry, no credential of
 * agents. A workspace is none of ours.
 */
export const NPM_ENVIRONMENT =
  /^(?:HOME|PATH|LANG|LC_ALL|TMPDIR|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|(?:https?|no|all)_proxy|npm_config_(?!workspaces?$).*)$/i;
