import { BottleError, ExitCode } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import { missingTerminal } from "../ui/missing_terminal.ts";
import {
  type Check,
  hostKeyProblem,
  keyFileProblem,
  type NewRepo,
  repoNameOf,
  repoProblem,
  repoUrlOf,
  variableProblem,
} from "./answers.ts";
import { type Answering, checked } from "./answering.ts";

/** The repository that a new bottle may push to: by flag, or the one of the working directory. */
export async function askRepo(answering: Answering): Promise<NewRepo | undefined> {
  const { flags, scene: { remote }, askMore } = answering;
  if (flags.repo !== undefined) {
    const url = repoUrlOf(checked("--repo", flags.repo, repoProblem));
    return await described(answering, url);
  }
  const stray = [["--host-key", flags.hostKey], ["--key", flags.key], [
    "--repo-token",
    flags.repoToken,
  ]].find(([, value]) => value !== undefined);
  if (stray !== undefined) {
    throw new BottleError(`Cannot use ${stray[0]} without a repository`, {
      code: "bad_answer",
      exit: ExitCode.usage,
      hint: "give --repo URL",
    });
  }
  if (remote === undefined || askMore === undefined || repoProblem(remote) !== undefined) {
    return undefined;
  }
  const url = repoUrlOf(remote);
  const wanted = await askMore.askYes({
    title: "May it push to this folder's repository?",
    lines: [
      url,
      "",
      "The git-gate scans every push and forwards what is clean, with a key that the agent does not have.",
      url.startsWith("ssh:")
        ? "It needs the server's public key, and a file with a private key, best a deploy key."
        : "It needs a token of the forge, in a variable of your environment.",
    ],
  });
  return wanted ? await described(answering, url) : undefined;
}

async function described(answering: Answering, url: string): Promise<NewRepo> {
  const { flags } = answering;
  const repo = { name: repoNameOf(url), url };
  if (!url.startsWith("ssh:")) {
    const tokenVariable = await answer(answering, flags.repoToken, {
      flag: "--repo-token",
      argument: "VARIABLE",
      title: "Which variable of your environment holds a token for it?",
      hint: "The name, not the value. Empty: the agent can fetch and not push.",
      check: (text) => text === "" ? undefined : variableProblem(text),
      isNeeded: false,
    });
    return { ...repo, ...(tokenVariable === "" ? {} : { tokenVariable }) };
  }
  const { hostname, port } = new URL(url);
  const scan = `ssh-keyscan -t ed25519 ${port === "" ? "" : `-p ${port} `}${hostname}`;
  const hostKey = await answer(answering, flags.hostKey, {
    flag: "--host-key",
    argument: "KEY",
    title: `Public key of ${hostname}`,
    hint:
      `Such as: ssh-ed25519 AAAA… What ${scan} prints behind the name; compare it with what the ` +
      "server's owner publishes.",
    check: hostKeyProblem,
    isNeeded: true,
  });
  const keyFile = await answer(answering, flags.key, {
    flag: "--key",
    argument: "FILE",
    title: "File with the private key",
    hint: "Absolute, or below ~/, such as ~/.ssh/app_deploy. It stays outside of the bottle.",
    check: keyFileProblem,
    isNeeded: true,
  });
  return { ...repo, hostKey, keyFile };
}

/** One question about a repository. */
interface RepoQuestion {
  readonly flag: string;
  readonly argument: string;
  readonly title: string;
  readonly hint: string;
  readonly check: Check;
  readonly isNeeded: boolean;
}

async function answer(
  { ask, askMore }: Answering,
  given: string | undefined,
  { flag, argument, title, hint, check, isNeeded }: RepoQuestion,
): Promise<string> {
  // Each of them could be a secret that stands in the wrong place.
  if (given !== undefined) return checked(flag, given, check, false);
  const whom = isNeeded ? ask : askMore;
  if (whom !== undefined) return await whom.askText({ title: printable(title), hint, check });
  if (isNeeded) throw missingTerminal("describe the repository", `${flag} ${argument}`);
  return "";
}
