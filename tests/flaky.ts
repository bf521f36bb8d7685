import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** Names what passed only when it was tried again: a defect, too, of the test or of what it tests. */
export default class FlakyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const { children, moduleId } of modules)
      for (const test of children.allTests('passed'))
        if (test.diagnostic()?.flaky === true)
          console.log(`FLAKY   ${relative(process.cwd(), moduleId)}: ${test.fullName}`);
  }
}
