import { WentBack } from "../ui/went_back.ts";
import type { Questions } from "./questions_on.ts";

/**
 * Lets Escape lead to the question before, which then begins with its answer; from the first one it leads out.
 *
 * @param run asks the same questions whenever it gets the same answers: it is run anew with those that stand.
 */
export async function withBack<Result>(
  operator: Questions,
  run: (ask: Questions) => Promise<Result>,
): Promise<Result> {
  let standing: readonly unknown[] = [];
  let before: unknown;
  for (;;) {
    const given: unknown[] = [];
    let asking = false;
    /** One question: answered already, or asked; the last answer is there when it is asked again. */
    const turn = async <Answer>(ask: (last: Answer | undefined) => Promise<Answer>) => {
      const index = given.length;
      asking = true;
      const answer = index < standing.length
        ? standing[index] as Answer
        : await ask(index === standing.length ? before as Answer | undefined : undefined);
      asking = false;
      given.push(answer);
      return answer;
    };
    try {
      return await run({
        pickOne: (question) =>
          turn((last: string | undefined) =>
            operator.pickOne(last === undefined ? question : { ...question, selected: last })
          ),
        pickOrdered: (question) =>
          turn((last: string[] | undefined) =>
            operator.pickOrdered(last === undefined ? question : { ...question, chosen: last })
          ),
        askText: (question) =>
          turn((last: string | undefined) =>
            operator.askText(last === undefined ? question : { ...question, initial: last })
          ),
        askYes: (question) => turn(() => operator.askYes(question)),
      });
    } catch (error) {
      // Thrown after an answer, it is that answer which leads back, and not one to be asked for again.
      const back = given.length - (asking ? 1 : 2);
      if (!(error instanceof WentBack) || back < 0) throw error;
      before = given[back];
      standing = given.slice(0, back);
    }
  }
}
