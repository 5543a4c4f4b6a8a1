import { useRef, useState } from 'preact/hooks';

export interface Asked<Answer> {
  readonly answer: Answer | undefined;
  /** The message for the user if the latest question failed, or the one given to `setFault`. Undefined otherwise. */
  readonly fault: string | undefined;
  readonly isAsking: boolean;
  /**
   * Asks a question. The earlier answer stays until the new one comes. An answer to an earlier question is dropped if
   * it comes after a later question was asked.
   */
  readonly ask: (question: Promise<Answer>, onAnswer?: (answer: Answer) => void) => void;
  /** Removes the answer, also one that has not come yet, and shows this message in its place. */
  readonly setFault: (fault: string | undefined) => void;
}

/** The tool's answers to the questions of one part of the page. */
export function useAnswer<Answer>(): Asked<Answer> {
  const [{ answer, fault }, set] = useState<Pick<Asked<Answer>, 'answer' | 'fault'>>({
    answer: undefined,
    fault: undefined,
  });
  const [isAsking, setAsking] = useState(false);
  const latest = useRef<Promise<Answer>>(undefined);
  const setFault = (given: string | undefined): void => {
    latest.current = undefined;
    setAsking(false);
    set({ answer: undefined, fault: given });
  };
  const ask: Asked<Answer>['ask'] = (question, onAnswer) => {
    latest.current = question;
    setAsking(true);
    set((known) => ({ ...known, fault: undefined }));
    const settle = (then: () => void): void => {
      if (latest.current !== question) return;
      setAsking(false);
      then();
    };
    question.then(
      (given) =>
        settle(() => {
          set({ answer: given, fault: undefined });
          onAnswer?.(given);
        }),
      (error: unknown) => settle(() => setFault((error as Error).message)),
    );
  };
  return { answer, fault, isAsking, ask, setFault };
}
