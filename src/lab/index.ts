export { examineMachine, type Finding, missingPackages } from './doctor.ts';
export { type ExecOptions, type LabHost } from './host.ts';
export {
  type CreateLabOptions,
  createLab,
  downLab,
  type HostStatus,
  hostEnvironment,
  Lab,
  openLab,
  type Victim,
  victims,
} from './lab.ts';
export { defaultLabDirectory, labDirectory } from './names.ts';
export { formatRate, parseRate, type Rate } from './rate.ts';
export { defaultSuite, type Progress } from './root-tree.ts';
export type { RunResult } from './run.ts';
export { type Accelerator, accelerators } from './state.ts';
