/** How much a virtual machine is worth to its owner. A domain that says nothing is a `pet`. */
export const slaClasses = ['cattle', 'pet', 'panda'] as const;
export type SlaClass = (typeof slaClasses)[number];
export const defaultSlaClass: SlaClass = 'pet';

/** How much it matters to the operator that an operation completes. */
export const importances = ['low', 'medium', 'high'] as const;
export type Importance = (typeof importances)[number];

/** Why a virtual machine is moved. */
export const reasons = ['evacuation', 'maintenance', 'rebalance', 'defragmentation'] as const;
export type Reason = (typeof reasons)[number];

/** The importance an operation has when its caller names only the reason. */
export const importanceOfReason: Readonly<Record<Reason, Importance>> = {
  evacuation: 'high',
  maintenance: 'medium',
  rebalance: 'low',
  defragmentation: 'low',
};
