export { createLab } from './create.ts';
export { examineMachine, type Finding, missingPackages } from './doctor.ts';
export { hostEnvironment, type LabHost } from './host.ts';
export { downLab, type Lab, openLab, type Victim, victims } from './lab.ts';
export { defaultLabDirectory } from './names.ts';
export { formatRate, parseRate } from './rate.ts';
export { defaultSuite } from './root-tree.ts';
export { type Accelerator, accelerators } from './state.ts';
export type { HostStatus } from './status.ts';
