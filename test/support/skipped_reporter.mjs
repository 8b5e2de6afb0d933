/** Lists what a run left out and why, so that a green run without data is not taken for a whole one. */
export default class SkippedReporter {
  /**
   * @param {unknown} _contexts
   * @param {{ testResults: { testResults: { status: string, ancestorTitles: string[], title: string }[] }[] }} run
   */
  onRunComplete(_contexts, run) {
    /** @type {Map<string, number>} */
    const reasons = new Map();
    for (const test of run.testResults.flatMap((file) => file.testResults)) {
      if (test.status !== "pending" && test.status !== "todo") continue;
      const title = [...test.ancestorTitles, test.title].join(" > ");
      const reason = /\[skipped: (.*)\]/.exec(title)?.[1] ?? `no reason given: ${title}`;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of reasons)
      console.error(`Skipped ${count} ${count === 1 ? "test" : "tests"}: ${reason}`);
  }
}
