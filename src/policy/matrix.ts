import type { Budget } from './budget.ts';
import type { Importance, SlaClass } from './vocabulary.ts';

/** What every class may suffer at every importance. */
export type Matrix = Readonly<Record<SlaClass, Readonly<Record<Importance, Budget>>>>;

const never = { kind: 'never' } as const;
const asNeeded = { kind: 'as-needed' } as const;

/**
 * The budgets in force where an admin says nothing. docs/policy.md gives the reason of each figure.
 * `high` always finishes, and may freeze the guest when nothing else ends; `low` never harms a panda.
 */
export const defaultMatrix: Matrix = {
  cattle: {
    low: {
      blackoutMs: 500,
      slowdownShare: 0.3,
      pointOfNoReturn: 'if-recoverable',
      freeze: { kind: 'up-to', ms: 2_000 },
      patiencePasses: 3,
      otherwise: 'stay',
    },
    medium: {
      blackoutMs: 1_000,
      slowdownShare: 0.5,
      pointOfNoReturn: 'yes',
      freeze: asNeeded,
      patiencePasses: 1,
      otherwise: 'finish',
    },
    high: {
      blackoutMs: 2_000,
      slowdownShare: 0.8,
      pointOfNoReturn: 'yes',
      freeze: asNeeded,
      patiencePasses: 0,
      otherwise: 'finish',
    },
  },
  pet: {
    low: {
      blackoutMs: 300,
      slowdownShare: 0.1,
      pointOfNoReturn: 'never',
      freeze: never,
      patiencePasses: 5,
      otherwise: 'stay',
    },
    medium: {
      blackoutMs: 500,
      slowdownShare: 0.3,
      pointOfNoReturn: 'if-recoverable',
      freeze: { kind: 'up-to', ms: 2_000 },
      patiencePasses: 1,
      otherwise: 'stay',
    },
    high: {
      blackoutMs: 1_000,
      slowdownShare: 0.6,
      pointOfNoReturn: 'yes',
      freeze: asNeeded,
      patiencePasses: 1,
      otherwise: 'finish',
    },
  },
  panda: {
    low: {
      blackoutMs: 100,
      slowdownShare: 0,
      pointOfNoReturn: 'never',
      freeze: never,
      patiencePasses: 6,
      otherwise: 'stay',
    },
    medium: {
      blackoutMs: 300,
      slowdownShare: 0.1,
      pointOfNoReturn: 'never',
      freeze: never,
      patiencePasses: 5,
      otherwise: 'stay',
    },
    high: {
      blackoutMs: 500,
      slowdownShare: 0.5,
      pointOfNoReturn: 'if-recoverable',
      freeze: asNeeded,
      patiencePasses: 1.5,
      otherwise: 'finish',
    },
  },
};
