import { providerOf, PROVIDERS } from "../../providers/registry.ts";
import { BottleError, ExitCode } from "../../core/errors.ts";
import type { InitFlags } from "../init_command.ts";
import { missingTerminal } from "../ui/missing_terminal.ts";
import { type Answering, checked, mayReplace, newName } from "./answering.ts";
import {
  gitUserOf,
  gitUserProblem,
  hostsOf,
  hostsProblem,
  nameProblem,
  type NewBottle,
  type NewCredential,
  type NewProvider,
  variableProblem,
} from "./answers.ts";
import { askRepo } from "./ask_repo.ts";

const A_NEW_ONE = "a new bottle";

/** The bottle of a new agent: one that is there, or the answers for a new one. */
export async function askBottle(answering: Answering, agent: string): Promise<NewBottle | string> {
  const { flags, scene: { bottles }, ask } = answering;
  const describes = describesBottle(flags);
  if (flags.bottle !== undefined) {
    const name = checked("--bottle", flags.bottle, nameProblem);
    if (bottles.includes(name) && !describes) return name;
    await mayReplace("bottle", name, bottles, flags, ask);
    return await newBottle(answering, name);
  }
  if (ask === undefined) throw missingTerminal("choose a bottle", "--bottle NAME");
  if (bottles.length > 0 && !describes) {
    const chosen = await ask.pickOne({
      title: "Which bottle does it work in?",
      choices: [
        { value: A_NEW_ONE, hint: "with a provider, a credential and hosts of its own" },
        ...bottles.map((value) => ({ value, hint: "as it is" })),
      ],
    });
    if (chosen !== A_NEW_ONE) return chosen;
  }
  const name = await ask.askText({
    title: "Name of the bottle",
    initial: [agent, `${agent}-bottle`].find((free) => !bottles.includes(free)) ?? "",
    hint: "A bottle says what may be touched; several agents can work in bottles of one kind.",
    check: newName("bottle", bottles, flags.force),
  });
  return await newBottle(answering, name);
}

/** Whether a flag says what a new bottle should be like. */
function describesBottle(flags: InitFlags): boolean {
  const { extends: parents, provider, authToken, allow, gitUser, repo } = flags;
  const given = [parents, provider, authToken, allow, gitUser, repo];
  return flags.forwardHostCredentials || given.some((flag) => flag !== undefined);
}

async function newBottle(answering: Answering, name: string): Promise<NewBottle> {
  const parents = await parentsOf(answering, name);
  const provider = await askProvider(answering, parents, name);
  const allow = await askHosts(answering);
  const gitUser = await askGitUser(answering);
  const repo = await askRepo(answering);
  return {
    name,
    extends: parents,
    ...(provider === undefined ? {} : { provider }),
    allow,
    ...(gitUser === undefined ? {} : { gitUser }),
    ...(repo === undefined ? {} : { repo }),
  };
}

async function parentsOf(
  { flags, scene: { bottles }, askMore }: Answering,
  name: string,
): Promise<readonly string[]> {
  if (flags.extends !== undefined) return flags.extends;
  const others = bottles.filter((each) => each !== name);
  if (askMore === undefined || others.length === 0) return [];
  return await askMore.pickOrdered({
    title: "Does it build on other bottles?",
    choices: others.map((value) => ({ value })),
    chosen: [],
  });
}

async function askProvider(
  answering: Answering,
  parents: readonly string[],
  bottle: string,
): Promise<NewProvider | undefined> {
  const { flags, scene, ask } = answering;
  const inherited = parents.length === 0 ? undefined : await scene.inherited(parents);
  const speaks = flags.authToken !== undefined || flags.forwardHostCredentials;
  let template = flags.provider;
  if (template === undefined) {
    if (ask === undefined) {
      // What a parent has is replaced as a whole, so a credential alone says too little.
      if (inherited !== undefined && !speaks) return undefined;
      throw missingTerminal(`choose the agent of bottle ${bottle}`, "--provider NAME");
    }
    const asBefore = `as in ${parents.join(", ")}`;
    template = await ask.pickOne({
      title: "Who is the agent?",
      choices: [
        ...(inherited === undefined || speaks ? [] : [{ value: asBefore, hint: inherited }]),
        ...PROVIDERS.map(({ name, brief }) => ({ value: name, hint: brief })),
      ],
    });
    if (template === asBefore) return undefined;
  }
  const credential = await askCredential(answering, template);
  return { template, ...(credential === undefined ? {} : { credential }) };
}

const THIS_LOGIN = "the login of this machine";
const A_VARIABLE = "a variable with a key";

async function askCredential(
  { flags, ask }: Answering,
  template: string,
): Promise<NewCredential | undefined> {
  const { credential, forwardsHostCredentials, advice, name } = providerOf(template);
  if (flags.forwardHostCredentials) {
    if (forwardsHostCredentials !== true) {
      throw cannotUse("--forward-host-credentials", `provider ${name} cannot do that`);
    }
    if (flags.authToken !== undefined) {
      throw cannotUse("--forward-host-credentials", "--auth-token is given too");
    }
    return { forwarded: true };
  }
  if (credential === undefined) {
    if (flags.authToken === undefined) return undefined;
    throw cannotUse("--auth-token", `provider ${name} needs no credential`);
  }
  if (flags.authToken !== undefined) {
    // It may be the credential itself, given by mistake: it is not repeated.
    return { variable: checked("--auth-token", flags.authToken, variableProblem, false) };
  }
  if (ask === undefined) {
    throw missingTerminal(
      `name the credential of ${name}`,
      forwardsHostCredentials === true
        ? "--auth-token VARIABLE or --forward-host-credentials"
        : "--auth-token VARIABLE",
    );
  }
  if (forwardsHostCredentials === true) {
    const chosen = await ask.pickOne({
      title: `How does ${name} get its credential?`,
      choices: [
        { value: THIS_LOGIN, hint: `what ${name} login left here; it stays outside of the bottle` },
        { value: A_VARIABLE, hint: "it stays outside of the bottle, too" },
      ],
    });
    if (chosen === THIS_LOGIN) return { forwarded: true };
  }
  const variable = await ask.askText({
    title: "Which variable of your environment holds its credential?",
    initial: advice?.variable ?? "",
    hint: `The name, not the value: the value is read at every start and never enters the bottle.${
      advice === undefined ? "" : ` How to get one: ${advice.how}.`
    }`,
    check: variableProblem,
  });
  return { variable };
}

async function askHosts({ flags, askMore }: Answering): Promise<readonly string[]> {
  if (flags.allow !== undefined) {
    const hosts = flags.allow.flatMap(hostsOf);
    for (const host of hosts) checked("--allow", host, hostsProblem);
    return [...new Set(hosts)];
  }
  if (askMore === undefined) return [];
  const text = await askMore.askText({
    title: "Which hosts may it reach besides its own API?",
    hint:
      "Separated by blanks, such as: docs.example.com *.example.org. Empty: none. The agent can " +
      "propose more while it works, and you decide.",
    check: hostsProblem,
  });
  return hostsOf(text);
}

async function askGitUser({ flags, askMore }: Answering): Promise<NewBottle["gitUser"]> {
  if (flags.gitUser !== undefined) {
    return gitUserOf(checked("--git-user", flags.gitUser, gitUserProblem));
  }
  const text = await askMore?.askText({
    title: "Who are its commits by?",
    hint: "As Name <name@example.org>. Empty: nobody; git in the bottle refuses to commit then.",
    check: gitUserProblem,
  });
  return gitUserOf(text ?? "");
}

function cannotUse(flag: string, reason: string): BottleError {
  return new BottleError(`Cannot use ${flag}: ${reason}`, {
    code: "bad_answer",
    exit: ExitCode.usage,
    hint: "leave it out",
  });
}
